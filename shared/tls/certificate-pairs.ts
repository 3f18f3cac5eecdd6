// Certificates and keys of a server, PEM, as Node takes several side by side.

export const pairOptions = (pairs: readonly { cert: string; key: string }[]): { cert: string[]; key: string[] } => ({
  cert: pairs.map(({ cert }) => cert),
  key: pairs.map(({ key }) => key),
});
