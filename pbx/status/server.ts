// The read-only status page: HTML for a browser, JSON at the same paths for a program, and metrics.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { serveWeb, type Web } from '../web/server.ts';
import { createMetrics } from './metrics.ts';
import { overview } from './overview.ts';
import { overviewPage, type Rendered, type Shown, sectionPage } from './page.ts';
import type { StatusSources } from './sources.ts';
import { type Part, type SectionName, sectionNames, sections } from './views.ts';

export interface StatusOptions {
  host: string;
  port: number;
  clock: Clock;
  log: Log;
  sources: StatusSources;
}

/** Characters of a number that is looked for. */
const MAX_DIR = 64;
/** Seconds until the page loads itself again, at most. */
const MAX_REFRESH = 3600;

export async function serveStatus({ host, port, clock, log, sources }: StatusOptions): Promise<Web> {
  const metrics = createMetrics(sources);
  const names = ['localhost', sources.domain.toLowerCase()];
  const web = await serveWeb({ host, port, log, names }, app => register(app, sources, clock, metrics)).catch(
    (error: unknown) => {
      metrics.stop();
      throw error;
    },
  );
  return {
    port: web.port,
    stop: async () => {
      metrics.stop();
      await web.stop();
    },
  };
}

function register(
  app: FastifyInstance,
  sources: StatusSources,
  clock: Clock,
  metrics: ReturnType<typeof createMetrics>,
): void {
  const shownBy = (request: FastifyRequest): Shown => ({
    ...readQuery(request),
    domain: sources.domain,
    now: clock.now(),
  });
  app.get('/', async (request, reply) => {
    const facts = overview(sources);
    return send(request, reply, facts, () => overviewPage(facts, shownBy(request)));
  });
  for (const name of sectionNames) {
    app.get(`/${name}`, async (request, reply) => {
      const shown = shownBy(request);
      const part = sections[name].part(sources, shown.now, shown.query);
      return send(request, reply, jsonOf(name, part, shown), () => sectionPage(name, part, shown));
    });
  }
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  app.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'));
}

function readQuery({ query }: FastifyRequest): Pick<Shown, 'query' | 'refresh'> {
  const { offset, dir, refresh } = query as Record<string, unknown>;
  const number = (value: unknown, most: number): number =>
    typeof value === 'string' && /^\d{1,9}$/.test(value) ? Math.min(Number(value), most) : 0;
  const seconds = number(refresh, MAX_REFRESH);
  return {
    query: {
      offset: number(offset, Number.MAX_SAFE_INTEGER),
      dir: typeof dir === 'string' ? dir.slice(0, MAX_DIR) : '',
    },
    refresh: seconds > 0 ? seconds : undefined,
  };
}

function jsonOf(name: SectionName, { rows, total, next }: Part, { query }: Shown): object {
  const more = new URLSearchParams({ ...(query.dir && { dir: query.dir }), offset: String(next) });
  return { items: rows, total, ...(next !== undefined && { next: `/${name}?${more}` }) };
}

/** HTML unless JSON is asked for and HTML is not. */
function send(request: FastifyRequest, reply: FastifyReply, json: object, page: () => Rendered): FastifyReply {
  const { accept = '' } = request.headers;
  if (/\bapplication\/json\b/i.test(accept) && !/\btext\/html\b/i.test(accept)) {
    return reply
      .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', vary: 'accept' })
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(json));
  }
  const { html, headers } = page();
  return reply.headers(headers).send(html);
}
