// An event of a device in words.
import type { PastEvent } from '../../../api/device/device.ts';
import type { deviceSummary } from '../../../words/en/device/summary.ts';
import { number, span } from '../../../words/format.ts';

type Words = (typeof deviceSummary)['events'];
type Data = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const list = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : '');

/** Sessions take less than a second. */
const duration = (ms: number): string => (ms < 1000 ? `${number(ms)} ms` : span(ms));

const texts: Readonly<Record<string, (words: Words, data: Data) => string>> = {
  enrolled: (words, { state }) => words.enrolled(text(state)),
  late: words => words.late,
  lost: words => words.lost,
  back: (words, { was }) => words.back(text(was)),
  fault: (words, { code, cause, message }) => words.fault(text(code), text(cause), text(message)),
  faultCleared: (words, { cause }) => words.faultCleared(text(cause)),
  rollout: (words, { rollout, state, reason }) => words.rollout(text(rollout), text(state), text(reason)),
  inform: (words, { events }) => words.inform(list(events)),
  value: (words, { path, value }) => words.value(text(path), text(value)),
  task: (words, { method, state }) => words.task(text(method), text(state)),
  session: (words, { outcome, events, milliseconds, error }) =>
    outcome === 'ok'
      ? words.session(list(events), duration(Number(milliseconds)))
      : words.brokenSession(list(events), text(error)),
  connectionRequest: (words, { accepted, reason }) => (accepted ? words.woken : words.notWoken(text(reason))),
};

/** Other events are shown by their types. */
export const eventText = ({ type, data }: PastEvent, words: Words): string =>
  texts[type]?.(words, data) ?? words.other(type);

const tones: Readonly<Record<string, string>> = {
  enrolled: 'odd',
  late: 'warn',
  lost: 'bad',
  back: 'ok',
  fault: 'fail',
  faultCleared: 'ok',
  rollout: 'busy',
  inform: 'ok',
  value: 'idle',
};

export function toneOf({ type, data }: PastEvent): string {
  if (type === 'session') return data.outcome === 'ok' ? 'ok' : 'fail';
  if (type === 'connectionRequest') return data.accepted ? 'busy' : 'warn';
  if (type === 'task') return data.state === 'failed' ? 'fail' : 'ok';
  return tones[type] ?? 'idle';
}
