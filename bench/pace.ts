/**
 * `node pace.ts URL HEADERS PER-SECOND SECONDS`: asks at a steady rate, whether the requests before have been answered or
 * not. Prints how long each took, in milliseconds from when it was due: one that could not be sent in time has waited
 * too. A process of its own: one that loads a server besides would count its own delays.
 */
import { setTimeout } from 'node:timers/promises'

const [url = '', headers = '{}', perSecond = '', seconds = ''] = process.argv.slice(2)
const pause = 1_000 / Number(perSecond)

async function ask(due: number): Promise<number> {
  const answer = await fetch(url, { headers: JSON.parse(headers) as Record<string, string> })
  await answer.text()
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`)
  return performance.now() - due
}

async function askSteadily(times: number): Promise<number[]> {
  const asked: Promise<number>[] = []
  const began = performance.now()
  for (let number = 0; number < times; number++) {
    const due = began + number * pause
    const early = due - performance.now()
    if (early > 0) await setTimeout(early)
    asked.push(ask(due))
  }
  return Promise.all(asked)
}

// The first ones make connections, and are slow for this program's sake.
await askSteadily(100)
console.log(JSON.stringify(await askSteadily(Number(perSecond) * Number(seconds))))
