// The configuration server for telephones, by HTTP and HTTPS: files that follow the state of the exchange, merged with the operator's.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { ThrottledLog } from '../../shared/throttled-log.ts';
import { entityTag, hasTag } from '../../shared/web/entity-tag.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { serveWeb, type Web, type WebOptions } from '../web/server.ts';
import { CA_FILE, fileText, phoneFiles, readSettings } from './files.ts';
import { isPhoneFileName, OwnFiles } from './overlay.ts';
import { type PhonePorts, phoneStateOf } from './state.ts';

export interface PhonesOptions {
  host: string;
  /** HTTP and HTTPS; 0 = a free one; absent: off. */
  port?: number;
  tlsPort?: number;
  tls: NonNullable<WebOptions['tls']>;
  /** PEM of the exchange's own CA. */
  ca?: string;
  domain: string;
  sipPorts: Pick<PhonePorts, 'udp' | 'tls'>;
  /** The operator's files. */
  folder?: string;
  exchange: Exchange;
  clock: Clock;
  log: Log;
}

export interface Phones {
  readonly ports: Pick<PhonePorts, 'http' | 'https'>;
  stop(): Promise<void>;
}

/** Telephones that are told to read again come all at once. */
const MAX_CONNECTIONS = 2000;

interface Content {
  text: string;
  /** Milliseconds since the epoch. */
  modified: number;
}

export async function servePhones(options: PhonesOptions): Promise<Phones> {
  const files = new PhoneConfiguration(options);
  const { host, port, tlsPort } = options;
  const webs: Web[] = [];
  const stop = async (): Promise<void> => {
    files.stop();
    for (const web of webs) await web.stop();
  };
  const listen = async (at: number, tls?: WebOptions['tls']): Promise<number> => {
    const { log } = options;
    const wanted = { host, port: at, log, maxConnections: MAX_CONNECTIONS, ...(tls && { tls }) };
    const web = await serveWeb(wanted, app => register(app, files, log));
    webs.push(web);
    return web.port;
  };
  try {
    if (port !== undefined) files.ports.http = await listen(port);
    if (tlsPort !== undefined) files.ports.https = await listen(tlsPort, options.tls);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports: files.ports, stop };
}

/** The files as they are now. */
class PhoneConfiguration {
  readonly ports: { http?: number; https?: number } = {};
  readonly #options: PhonesOptions;
  readonly #own: OwnFiles;
  readonly #end: () => void;
  /** Time at which the state was last changed. */
  #changed: number;

  constructor(options: PhonesOptions) {
    this.#options = options;
    this.#own = new OwnFiles(options.folder, options.log, new ThrottledLog(options.clock));
    this.#changed = options.clock.now();
    this.#end = options.exchange.onChange(changes => {
      // A date counts whole seconds: two states in one of them must differ.
      const changed = Math.max(options.clock.now(), this.#changed + 1000);
      if (changes.some(({ table }) => table === 'settings')) this.#changed = changed;
    });
  }

  /** @param address ours, as the telephone reached it */
  async content(file: string, address: string): Promise<Content | undefined> {
    const { ca, exchange, domain, sipPorts } = this.#options;
    const own = await this.#own.read(file);
    const generated = phoneFiles.get(file);
    if (!generated) {
      if (file === CA_FILE && ca !== undefined && !own) return { text: ca, modified: this.#changed };
      return own;
    }
    const ports = { ...sipPorts, ...this.ports };
    const state = phoneStateOf(exchange.settings, { domain, ports, hasOwnCa: ca !== undefined }, address);
    const overlay = readSettings(own?.text ?? '', generated.separator);
    return { text: fileText(generated, state, overlay), modified: Math.max(this.#changed, own?.modified ?? 0) };
  }

  stop(): void {
    this.#end();
  }
}

function register(app: FastifyInstance, files: PhoneConfiguration, log: Log): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const file = fileOf(request.params as Params);
    const address = (request.socket.localAddress ?? '').replace(/^::ffff:/, '');
    const content = file === undefined ? undefined : await files.content(file, address);
    if (file === undefined || !content) {
      reply.callNotFound();
      return reply;
    }
    send(request, reply, file, content);
    log.debug('phone file asked for', { address: request.socket.remoteAddress, file, status: reply.statusCode });
    return reply;
  };
  app.get('/:file', answer);
  app.get('/:folder/:file', answer);
  // Telephones of the older series ask below their domain or network.
  app.get('/:domain/:folder/:file', answer);
}

interface Params {
  file: string;
  folder?: string;
}

/** The name of a file; undefined where its folder is none that has it. */
function fileOf({ file, folder }: Params): string | undefined {
  if (!isPhoneFileName(file)) return undefined;
  const name = file.toLowerCase();
  const known = phoneFiles.get(name);
  if (folder !== undefined && (known?.folder === undefined || known.folder !== folder.toLowerCase())) return undefined;
  return known ? name : file;
}

/** Answers 304 where the telephone has the content already (RFC 9110 13.2.2: a tag goes before a date). */
function send(request: FastifyRequest, reply: FastifyReply, file: string, { text, modified }: Content): void {
  const bytes = Buffer.from(text);
  const etag = entityTag(bytes);
  const { 'if-none-match': tags, 'if-modified-since': since } = request.headers;
  const seconds = Math.trunc(modified / 1000);
  const isKnown = tags === undefined ? seconds * 1000 <= Date.parse(since ?? '') : hasTag(tags, etag);
  void reply.headers({
    etag,
    'last-modified': new Date(seconds * 1000).toUTCString(),
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  if (isKnown) void reply.code(304).send();
  else void reply.type(file.endsWith('.pem') ? 'application/x-pem-file' : 'text/plain; charset=utf-8').send(bytes);
}
