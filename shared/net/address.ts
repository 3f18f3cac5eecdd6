// IP addresses as sockets report them.

/** An IPv4 address that a dual-stack socket shows as IPv4-mapped IPv6 becomes IPv4 again; the zone of a link-local one is dropped. */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const bare = zone < 0 ? address : address.slice(0, zone);
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
}
