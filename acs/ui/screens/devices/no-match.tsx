// A list without devices: the part of the filter that excludes all, and the nearest value that is in use.
import type { JSX } from 'preact';
import { countDevices } from '../../api/devices.ts';
import { getVocabulary } from '../../api/vocabulary.ts';
import { Empty } from '../../components/empty.tsx';
import { comparisonOf, partsOf, withoutPart } from '../../state/filter-text.ts';
import { useResource } from '../../state/resource.ts';
import { devices } from '../../words/en/devices.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('devices', devices);
/** Parts that are tried one by one. */
const MAX_PARTS = 12;

export interface NoMatchProps {
  filter: string;
  onText: (text: string) => void;
}

interface Advice {
  /** The part without which most devices match, and their number. */
  part: string;
  without: string;
  count: number;
  near?: { text: string; value: string; count: number };
}

/** Steps from one text to the other: letters that are put in, left out or replaced. */
function distance(one: string, other: string): number {
  let before = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at++) {
    const row = [at];
    for (let to = 1; to <= other.length; to++) {
      const same = one[at - 1] === other[to - 1] ? 0 : 1;
      row.push(Math.min((row[to - 1] ?? 0) + 1, (before[to] ?? 0) + 1, (before[to - 1] ?? 0) + same));
    }
    before = row;
  }
  return before[other.length] ?? 0;
}

async function nearest(part: string, without: string, signal: AbortSignal): Promise<Advice['near']> {
  const [, field, value] = /^([\w.]+) = "([^"\\]{1,60})"$/.exec(part) ?? [];
  if (field === undefined || value === undefined) return undefined;
  const query = { prefix: `${field} = "`, limit: 200, ...(without === '' ? {} : { filter: without }) };
  const { values } = await getVocabulary(query, signal);
  const far = (text: string): number => distance(text.toLowerCase(), value.toLowerCase());
  const [found] = values
    .filter(each => far(each.value) <= Math.max(2, value.length / 2))
    .sort((a, b) => far(a.value) - far(b.value));
  if (!found) return undefined;
  const text = [without, comparisonOf(field, found.value)].filter(Boolean).join(' and ');
  return { text, value: found.value, count: found.count };
}

async function adviceFor(filter: string, signal: AbortSignal): Promise<Advice | undefined> {
  const tried = await Promise.all(
    partsOf(filter)
      .slice(0, MAX_PARTS)
      .map(async part => {
        const without = withoutPart(filter, part);
        return { part, without, count: await countDevices(without, signal) };
      }),
  );
  const best = tried.sort((a, b) => b.count - a.count)[0];
  if (!best || best.count === 0) return undefined;
  const near = await nearest(best.part, best.without, signal);
  return { ...best, ...(near ? { near } : {}) };
}

export function NoMatch({ filter, onText }: NoMatchProps): JSX.Element {
  const { value } = useResource(`advice ${filter}`, async signal => await adviceFor(filter, signal));
  return (
    <div class="empty-box">
      <Empty title={words().noMatch} text={value && words().withoutIt(value.part, number(value.count))}>
        {value?.near && (
          <button class="btn" type="button" onClick={() => onText(value.near?.text ?? '')}>
            {words().useValue(value.near.value, number(value.near.count))}
          </button>
        )}
        {value && (
          <button class="btn quiet" type="button" onClick={() => onText(value.without)}>
            {words().dropPart}
          </button>
        )}
      </Empty>
    </div>
  );
}
