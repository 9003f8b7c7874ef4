import { parentPort, workerData } from 'node:worker_threads'
import type { Config } from '../config/load.ts'
import { examine, type Finding } from './examine.ts'

const findings: Finding[] = []
for await (const finding of examine(workerData as Config)) findings.push(finding)
parentPort?.postMessage(findings)
