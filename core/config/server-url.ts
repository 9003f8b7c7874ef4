/**
 * Whether the URL of a server can be read as it was meant; the path of a file always can. A generated password may have characters that
 * end the name of the host in a URL: what follows them is then the path, and the server another one.
 */
export function isReadableUrl(url: string): boolean {
  if (!/^(postgres(ql)?|rediss?|smtps?):/.test(url)) return true
  try {
    // The host may be left out, for one that stands in the query: the folder of a socket.
    const { username, password, pathname, search, hash } = new URL(url.replace('@/', '@localhost/'))
    decodeURIComponent(username + password + pathname)
    return hash === '' && !(pathname + search).includes('@')
  } catch {
    return false
  }
}
