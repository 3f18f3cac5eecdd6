// Devices in common: what some devices have more often than others, and what sets one device apart.
import type { DeviceRow } from '../../device/row.ts';
import { bothFilters, everyDevice, type Filter } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import { quotedText } from '../../query/quote.ts';
import type { ComparedValue } from '../../store/comparison-tally.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import { shownText } from '../common/secrets.ts';

export interface CommonValue extends Omit<ComparedValue, 'these' | 'against'> {
  these: { n: number; of: number };
  against: { n: number; of: number };
  /** Finds the devices that have the value; absent where no filter can. */
  filter?: string;
}

export interface InCommon {
  these: number;
  against: number;
  items: CommonValue[];
}

export interface Siblings extends InCommon {
  /** The faults that the devices share; absent where the device is compared alone. */
  about?: string;
}

type ComparisonContext = Pick<FleetContext, 'store' | 'clock' | 'secrets'>;

const DEFAULT_TOP = 20;

/** @param against default: all other devices */
export async function compare(
  context: ComparisonContext,
  { these, against = everyDevice, top = DEFAULT_TOP }: { these: Filter; against?: Filter; top?: number },
  caller: Caller,
): Promise<InCommon> {
  return await compareSets(context, { these, against }, { top, caller });
}

/**
 * Compares the devices that share a fault of the device with all others of its product; a device without faults is compared alone.
 */
export async function siblings(
  context: ComparisonContext,
  row: DeviceRow,
  { top = DEFAULT_TOP, caller }: { top?: number; caller: Caller },
): Promise<Siblings> {
  const { oui, productClass } = row;
  const product = `oui = ${quotedText(oui)} and productClass = ${quotedText(productClass)}`;
  const [fault] = [...row.faults].sort((a, b) => a.first - b.first);
  const about = fault && `fault.cause = ${quotedText(fault.cause)} and fault.code = ${quotedText(String(fault.code))}`;
  const chosen = about === undefined ? `id = ${quotedText(row.id)}` : `${product} and ${about}`;
  const sets = { these: parseFilter(chosen), against: parseFilter(product) };
  const found = await compareSets(context, sets, { top, caller });
  // The cause of a fault may name a parameter.
  return { ...found, ...(about !== undefined && caller.readsAll ? { about } : {}) };
}

async function compareSets(
  { store, clock, secrets }: ComparisonContext,
  sets: { these: Filter; against: Filter },
  { top, caller }: { top: number; caller: Caller },
): Promise<InCommon> {
  const { within, mayRead } = caller;
  const { these, against, values } = await store.compareDevices({
    these: bothFilters(within, sets.these) ?? sets.these,
    against: bothFilters(within, sets.against) ?? sets.against,
    now: clock.now(),
  });
  const isShown = ({ field, value }: ComparedValue): boolean =>
    shownText(secrets, field.replace(/^site\./, ''), value) === value && (!isParameter(field) || mayRead(field));
  const items = values
    .filter(isShown)
    .slice(0, top)
    .map(({ these: n, against: m, ...value }) => ({
      ...value,
      ...{ these: { n, of: these }, against: { n: m, of: against } },
      ...filterOf(value.field, value.value),
    }));
  return { these, against, items };
}

const ownFields: ReadonlySet<string> = new Set([
  ...['productClass', 'manufacturer', 'oui', 'firmware', 'hardware', 'certificate', 'tag', 'addressRange'],
]);

/** A path may begin with any word that a device makes up. */
const isParameter = (field: string): boolean => !ownFields.has(field) && !field.startsWith('site.');

function filterOf(field: string, value: string): { filter?: string } {
  if (field === 'certificate') return {};
  if (field === 'addressRange') {
    const start = value.replace(/\.0\/24$/, '.').replace(/::\/48$/, ':');
    return { filter: `address like ${quotedText(`${start}%`)}` };
  }
  if (field.startsWith('site.') && !/^site\.\w+$/.test(field))
    return { filter: `site.${quotedText(field.slice('site.'.length))} = ${quotedText(value)}` };
  return /^[\w.]+$/.test(field) ? { filter: `${field} = ${quotedText(value)}` } : {};
}
