/** What requests are counted by: never a path with ids. */
export interface RouteName {
  route: string
  method: string
}

/** Every path where nothing is: of those there is no end. */
export const unknownRoute: RouteName = { route: 'unknown', method: '*' }

/**
 * What a route is counted by: its pattern and its method, HEAD as GET. What is no part of the contract, such as the files
 * of a page, which have other names with each release, is counted by its folder.
 */
export const routeName = (
  url: string,
  method: string,
  schema: { operationId?: string } | undefined
): RouteName =>
  schema?.operationId === undefined
    ? { route: `/${url.split('/', 2)[1] ?? ''}/*`, method: '*' }
    : { route: url, method: method === 'HEAD' ? 'GET' : method }
