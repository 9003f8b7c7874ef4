import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'tap'
import { Environment } from '../core/config/environment.ts'
import { root, temporaryFolder } from './process.ts'

const read = (file: string) => readFileSync(join(root, file), 'utf8')
const unit = join(root, 'deploy/gatehouse.service')

test('compose.yaml passes every variable on, but for those that the image sets', (t) => {
  const [, passed = ''] = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(read('compose.yaml')) ?? []
  const [, set = ''] = /^ENV (.*)$/m.exec(read('Dockerfile')) ?? []
  const names = [...passed.matchAll(/^ {6}([A-Z_]+):/gm), ...set.matchAll(/([A-Z_]+)=/g)].map(
    ([, name]) => name
  )
  // One process serves in a container: there are more containers instead.
  t.same(
    Object.keys(Environment.properties).filter((name) => name !== 'WORKERS' && !names.includes(name)),
    []
  )
  t.end()
})

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0

test('the unit is one that systemd understands', { skip: !hasAnalyze && 'systemd is not installed' }, (t) => {
  const { stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
  // The checkout of this test is not in /opt.
  t.same(
    stderr.split('\n').filter((line) => line.includes('gatehouse') && !line.includes('is not executable')),
    []
  )
  t.end()
})

test('a tool runs with all that the unit gives the service, and what has been added to it', (t) => {
  const folder = temporaryFolder(t)
  const stub = (name: string, script: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  stub(
    'systemctl',
    `cat '${unit}'; printf '# /etc/systemd/system/…\\n[Service]\\nEnvironment=REDIS_URL=redis://127.0.0.1\\n'`
  )
  stub('systemd-run', 'for argument; do echo "$argument"; done')
  const { stdout, status } = spawnSync(join(root, 'deploy/gatehouse-tool'), ['backup', 'a file.db'], {
    encoding: 'utf8',
    env: { PATH: [folder, process.env['PATH']].join(delimiter) }
  })
  t.equal(status, 0)
  const given = stdout.trim().split('\n')
  t.same(given.slice(-4), ['node', 'bin/run.js', 'backup', 'a file.db'])
  for (const property of [
    'EnvironmentFile=/etc/gatehouse.env',
    'Environment=NODE_ENV=production DATABASE_URL=file:/var/lib/gatehouse/gatehouse.db',
    'Environment=REDIS_URL=redis://127.0.0.1',
    'WorkingDirectory=/opt/gatehouse',
    'User=gatehouse',
    'DynamicUser=yes',
    'StateDirectory=gatehouse'
  ])
    t.ok(given.includes(`--property=${property}`), property)
  t.notMatch(stdout, /Exec|Restart|Timeout|StartLimit|WantedBy/)
  t.end()
})
