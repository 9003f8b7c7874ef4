/** A step of a JSON Pointer (RFC 6901): the name of a member, cut where it is longer than anybody would read. */
export const pointer = (segment: unknown) =>
  `/${String(segment).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`
