// The liveness of a device: a shape, a word and a tone.
import type { JSX } from 'preact';
import { frame } from '../words/en/frame.ts';
import { textsOf } from '../words/texts.ts';

const words = textsOf('frame', frame);
const tones = { online: 'ok', late: 'warn', lost: 'bad' } as const;

export const Liveness = ({ of }: { of: keyof typeof tones | null | undefined }): JSX.Element => (
  <span class={`st ${of ? tones[of] : 'idle'}`}>{words().liveness[of ?? 'never']}</span>
);
