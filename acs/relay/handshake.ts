// The first message on a connection, in either direction: it names its sender and the member that the sender expects.

interface Hello {
  from: string;
  to: string;
}

export const hello = (from: string, to: string): Buffer => Buffer.from(JSON.stringify({ from, to } satisfies Hello));

/**
 * @param expected the member that was called; undefined on the called side
 * @returns the member that speaks
 * @throws Error when it is not the expected one, or looks for another than `self`
 */
export function readHello(plain: Buffer, self: string, expected: string | undefined): string {
  const { from, to } = JSON.parse(plain.toString('utf8')) as Hello;
  if (to !== self || (expected !== undefined && from !== expected))
    throw new Error(`${from} looks for ${to}, and this is ${self}`);
  return from;
}
