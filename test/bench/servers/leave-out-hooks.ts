// Loader hooks that leave a layer of the built ACS out, by other text in one of its modules. For the waterfall alone.

type Loaded = { source?: string | ArrayBuffer | Uint8Array; [name: string]: unknown };

interface Change {
  /** End of the module's URL. */
  module: string;
  change(source: string): string;
}

/** @throws Error where the module no longer has the text: the layer would be there, and cost nothing */
function replaced(source: string, from: string, to: string): string {
  if (!source.includes(from)) throw new Error(`'${from}' is not in the module`);
  return source.replace(from, to);
}

const changes: Readonly<Record<string, Change>> = {
  /** Each body is decoded once; those of a device are alike. */
  xml: {
    module: '/shared/cwmp/soap.js',
    change: source =>
      `${replaced(source, 'export function decodeEnvelope(', 'function decodeOnce(')}
const decoded = new Map();
export function decodeEnvelope(body, ...rest) {
  const text = String(body);
  const known = decoded.get(text) ?? decodeOnce(body, ...rest);
  decoded.set(text, known);
  return known;
}`,
  },
  /** A counted cookie without a signature. */
  cookie: {
    module: '/acs/south/http/cookies.js',
    change: source =>
      `${replaced(source, 'export function createCookies(', 'function createSigned(')}
let count = 0;
export function createCookies(options) {
  return { ...createSigned(options), issue: () => options.self + '.' + ++count + '.0' };
}`,
  },
};

let chosen: Change | undefined;

export function initialize(layer: string): void {
  chosen = changes[layer];
}

export async function load(
  url: string,
  context: object,
  next: (url: string, context: object) => Promise<Loaded>,
): Promise<Loaded> {
  const loaded = await next(url, context);
  if (!chosen || !url.endsWith(chosen.module)) return loaded;
  return { ...loaded, source: chosen.change(Buffer.from(loaded.source as Uint8Array).toString('utf8')) };
}
