// An event of the fleet in words, with links to its device and to what it is about.
import type { JSX } from 'preact';
import { hrefOf } from '../../state/location.ts';
import { deviceName } from '../../words/device-name.ts';
import { overview } from '../../words/en/overview.ts';
import { faultName } from '../../words/fault-texts.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('overview', overview);

export const eventTypes = [
  ...['enrolled', 'held', 'late', 'lost', 'back', 'fault', 'alert', 'rollout', 'job', 'drift'],
] as const;

export interface FleetEvent {
  type: string;
  data: Readonly<Record<string, unknown>>;
}

const tones: Readonly<Record<string, string>> = {
  ...{ back: 'ok', late: 'warn', lost: 'bad', held: 'held', fault: 'fail', drift: 'odd', alert: 'warn' },
  ...{ rollout: 'busy', job: 'busy', enrolled: 'ok' },
};

const textIn = (data: FleetEvent['data'], name: string): string => {
  const value = data[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

export function toneOf({ type, data }: FleetEvent): string {
  const state = textIn(data, 'state');
  if (type === 'enrolled' && state === 'quarantine') return 'odd';
  if ((type === 'rollout' || type === 'job') && state === 'failed') return 'fail';
  if ((type === 'rollout' || type === 'job') && state === 'done') return 'ok';
  if (type === 'alert' && state === 'resolved') return 'ok';
  return tones[type] ?? 'idle';
}

const stateText = (state: string): string =>
  Object.hasOwn(words().states, state) ? words().states[state as keyof typeof overview.states] : state;

/** The words of an event about a device, and of one about something else. */
function sentenceOf({ type, data }: FleetEvent): string {
  const { events } = words();
  const state = textIn(data, 'state');
  switch (type) {
    case 'back':
      return events.back;
    case 'late':
      return events.late;
    case 'lost':
      return events.lost;
    case 'enrolled':
      return state === 'quarantine' ? events.quarantine : events.enrolled;
    case 'held':
      return events.held(textIn(data, 'reason'));
    case 'fault':
      return events.fault(faultName(textIn(data, 'code')));
    case 'drift':
      return events.drift(textIn(data, 'path'));
    case 'alert':
      return state === 'resolved' ? events.resolved : events.fires;
    default:
      return data.device === undefined ? events.plan(stateText(state)) : stateText(state);
  }
}

/** The object of an event beside its device. */
function objectOf({ type, data }: FleetEvent): { name: string; href: string } | undefined {
  const name = textIn(data, type);
  if (name === '') return undefined;
  if (type === 'alert') return { name, href: hrefOf('/alerts') };
  return type === 'rollout' || type === 'job'
    ? { name, href: hrefOf(`/rollouts/${encodeURIComponent(name)}`) }
    : undefined;
}

export function EventText({ event }: { event: FleetEvent }): JSX.Element {
  const device = textIn(event.data, 'device');
  const object = objectOf(event);
  const link = object && <a href={object.href}>{object.name}</a>;
  if (device === '')
    return (
      <>
        {link} {sentenceOf(event)}
      </>
    );
  return (
    <>
      <a class="mono" href={hrefOf(`/devices/${encodeURIComponent(device)}/summary`)} title={device}>
        {deviceName(device)}
      </a>{' '}
      {sentenceOf(event)} {link}
    </>
  );
}
