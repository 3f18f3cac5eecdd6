// The outcome of a session: a shape, a word and a tone.
import type { JSX } from 'preact';
import { sessions as english } from '../../../words/en/device/sessions.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('deviceSessions', english);
const tones = { ok: 'ok', lost: 'warn', refused: 'bad', running: 'busy' } as const;

export type SessionState = keyof typeof tones;

export function Outcome({ state, fault }: { state: SessionState; fault: number | null }): JSX.Element {
  if (fault !== null && state === 'ok') return <span class="st fail">{words().fault(fault)}</span>;
  return <span class={`st ${tones[state]}`}>{words().outcomes[state]}</span>;
}
