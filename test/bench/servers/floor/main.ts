// The floor: the least that a server costs which takes an Inform durably and does nothing else. node:http(s), saxes, SQLite with one hot
// row a device and a group commit. A process of its own, beside the ACS in the same run.
import { createServer as createHttp, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type Answer, Conversation } from './conversation.ts';
import { openKeep } from './keep.ts';
import type { FloorSetup } from './parts.ts';

/** As long a line of connections as the ACS has. */
const BACKLOG = 4096;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** `POST /call?URL` calls the CPE and is answered when that has set. */
function call(conversation: Conversation, url: string, response: ServerResponse): void {
  conversation.onSet = () => {
    conversation.onSet = undefined;
    response.writeHead(200, { 'content-length': 0 }).end();
  };
  get(url, answered => answered.resume());
}

const handlerOf =
  (conversation: Conversation): Handler =>
  (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', chunk => {
      body += chunk;
    });
    request.on('end', () => {
      const [target, query = ''] = (request.url ?? '/').split('?');
      if (target === '/call') call(conversation, decodeURIComponent(query), response);
      else void conversation.answer(request, body).then(answer => write(response, answer));
    });
  };

async function fastifyServer(conversation: Conversation): Promise<Server> {
  const { default: fastify } = await import('fastify');
  const app = fastify({ logger: false });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.post('*', async (request, reply) => {
    const { status, headers, body } = await conversation.answer(request.raw, (request.body as string | null) ?? '');
    return await reply.code(status).headers(headers).send(body);
  });
  await app.ready();
  return app.server;
}

async function start(setup: FloorSetup): Promise<void> {
  const conversation = new Conversation(setup, await openKeep(setup));
  const handle = handlerOf(conversation);
  const server = setup.fastify
    ? await fastifyServer(conversation)
    : setup.tls
      ? createHttps({ ...setup.tls, dhparam: 'auto' } as never, handle)
      : createHttp(handle);
  server.listen(0, '127.0.0.1', BACKLOG, () => process.send?.({ port: (server.address() as { port: number }).port }));
  process.on('message', message => {
    if (message === 'seen') process.send?.(conversation.seen);
  });
}

process.once('message', (setup: FloorSetup) => void start(setup));
