// Short times between messages and of sessions, in words.
import { sessions as english } from '../../../words/en/device/sessions.ts';
import { number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('deviceSessions', english);

/** @param ms milliseconds: 48 ms, 30 s */
export const took = (ms: number): string =>
  ms < 10_000
    ? words().milliseconds(number(Math.max(0, Math.round(ms))))
    : words().seconds(number(Math.round(ms / 100) / 10));
