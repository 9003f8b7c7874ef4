import { connect } from 'node:net'

/**
 * Sends these bytes to the server at this URL, over a connection of its own; answers all that comes back until
 * the server closes it. What a cut connection had brought by then counts too.
 */
export const raw = (url: string, bytes: string | Buffer) =>
  new Promise<string>((resolve) => {
    let answer = ''
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => void socket.write(bytes))
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => (answer += chunk))
    // A reset is an end as well; `close` follows.
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
