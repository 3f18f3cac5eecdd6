// Networks that addresses are counted by.

/** The network of 256 addresses, or of an IPv6 site (RFC 6177: /48); '' for none. */
export function rangeOf(address: string): string {
  const four = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(address)?.[1];
  if (four !== undefined) return `${four}.0/24`;
  const six = /^([0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{1,4}):/i.exec(address)?.[1];
  return six === undefined ? '' : `${six.toLowerCase()}::/48`;
}
