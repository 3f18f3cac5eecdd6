// A packet as a socket of this process sent or received it, before it has headers.

export interface Endpoint {
  host: string;
  port: number;
}

export interface Packet {
  protocol: 'udp' | 'tcp';
  isSent: boolean;
  local: Endpoint;
  remote: Endpoint;
  /** The connection, for TCP: the headers of its segments continue one another. */
  connection: object;
  /** `open` and `close` of a connection carry no bytes. */
  kind: 'open' | 'data' | 'close';
  bytes: Buffer;
}

export type PacketListener = (packet: Packet) => void;

export const noBytes = Buffer.alloc(0);
