// Calls of the overview: what needs someone, what the server has measured, what is running, which firmware there is.
import type { Static } from 'typebox';
import type * as jobShapes from '../../north/schemas/jobs/jobs.ts';
import type * as seriesShapes from '../../north/schemas/monitoring/series.ts';
import type * as summaryShapes from '../../north/schemas/monitoring/summary.ts';
import { quotedText } from '../../query/quote.ts';
import { call } from './call.ts';
import type { Page } from './shapes.ts';

export type Attention = Static<typeof summaryShapes.attentionEntry>;
export type ServerSeries = Static<typeof seriesShapes.series>;
export type Job = Static<typeof jobShapes.jobAnswers.job>;

interface Facets {
  total: number;
  facets: Record<string, { values: { value: string; count: number }[] }>;
}

export interface FirmwareCount {
  product: string;
  firmware: string;
  count: number;
}

export interface FirmwareCounts {
  total: number;
  items: FirmwareCount[];
}

/** Products that are looked into, and entries that are shown. */
const PRODUCTS = 5;
const SHOWN = 6;

export const getAttention = async (signal?: AbortSignal): Promise<Attention[]> =>
  (await call<{ items: Attention[] }>('GET', '/attention', { signal })).items;

export const getSeries = async (signal?: AbortSignal): Promise<ServerSeries> =>
  await call('GET', '/series', { query: { name: 'informs,sessionP95', from: '-24h', points: 288 }, signal });

const ENDED: ReadonlySet<string> = new Set(['done', 'aborted', 'rolled-back']);

/** Rollouts and jobs that have not ended. */
export async function runningJobs(signal?: AbortSignal): Promise<Job[]> {
  const { items } = await call<Page<Job>>('GET', '/jobs', { query: { limit: 50 }, signal });
  return items.filter(({ state }) => !ENDED.has(state));
}

/** The most frequent firmware of the most frequent products. */
export async function countFirmware(signal?: AbortSignal): Promise<FirmwareCounts> {
  const facet = async (by: string, top: number, filter?: string): Promise<Facets> =>
    await call('GET', '/devices/facets', { query: { by, top, filter }, signal });
  const { total, facets } = await facet('productClass', PRODUCTS);
  const products = facets.productClass?.values ?? [];
  const found = await Promise.all(
    products.map(async ({ value: product }) => {
      const of = await facet('firmware', SHOWN, `productClass = ${quotedText(product)}`);
      return (of.facets.firmware?.values ?? []).map(({ value, count }) => ({ product, firmware: value, count }));
    }),
  );
  const items = found.flat().sort((a, b) => b.count - a.count);
  return { total, items: items.slice(0, SHOWN) };
}
