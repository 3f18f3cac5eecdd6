// Every pair of media securities, mode and key management of the caller against those of the called side, with the outcome of a call.
import assert from 'node:assert/strict';
import { type Call, CallFailed } from '../../../cpe/voice/call/call.ts';
import type { MediaSecurity } from '../../../cpe/voice/media/keying.ts';
import type { Unit } from '../cpe/voice.ts';
import { eventually } from '../eventually.ts';

type Mode = MediaSecurity['mode'];
export const modes: readonly Mode[] = ['Unsecure', 'Secure', 'SecureWithFallback'];
export const protocols = ['Mikey', 'Sdes'] as const;
const LINE = 'SdpTools [D3A2] Received the wrong key management protocol. Secure stream disabled.';

/** The outcome of a call; with `+` the called side reports the wrong key management. */
type Outcome = 'RTP' | 'SRTP' | '415' | '415+' | 'RTP+';
/** By the caller's mode, then in the order of `modes` that of the called side. */
type Table = Readonly<Record<Mode, readonly Outcome[]>>;

const same: Table = {
  Unsecure: ['RTP', '415', 'RTP'],
  Secure: ['415', 'SRTP', 'SRTP'],
  SecureWithFallback: ['RTP', 'SRTP', 'SRTP'],
};
const different: Table = {
  Unsecure: ['RTP', '415', 'RTP'],
  Secure: ['415', '415+', '415+'],
  SecureWithFallback: ['RTP', '415+', 'RTP+'],
};

type Security = Pick<MediaSecurity, 'mode' | 'keyManagement'>;

/** Two modes, with the same protocol on both sides or with different ones. */
interface SecurityCell {
  title: string;
  expected: Outcome;
  /** Either protocol at the caller. */
  pairs: readonly { caller: Security; called: Security }[];
}

const cellsOf = (name: string, table: Table): SecurityCell[] =>
  modes.flatMap(caller =>
    modes.map((called, at) => {
      const expected = table[caller][at] ?? assert.fail(called);
      const pairs = protocols.map(first => {
        const [second = first] = protocols.filter(one => (one === first) === (table === same));
        return { caller: { mode: caller, keyManagement: first }, called: { mode: called, keyManagement: second } };
      });
      return { title: `${caller} calls ${called}, ${name}: ${expected}`, expected, pairs };
    }),
  );

export const securityCells: readonly SecurityCell[] = [
  ...cellsOf('the same protocol', same),
  ...cellsOf('different protocols', different),
];

/** A call that was tried, with both of its sides where it is up. */
interface Tried {
  outcome: Outcome;
  sides: readonly [caller: Call, called: Call] | undefined;
}

/** Places a call from one account to another, which have no other call being placed. */
export async function tryCall(caller: Unit, called: Unit, from: string, to: string): Promise<Tried> {
  called.heard.length = 0;
  const made = await caller.agent.call(from, to).catch((error: unknown) => {
    if (error instanceof CallFailed) return error;
    throw error;
  });
  const lines = called.heard.filter(({ message }) => message === LINE).length;
  assert.ok(lines <= 1, `${lines} lines`);
  const told = lines === 1 ? '+' : '';
  if (made instanceof CallFailed) return { outcome: `${made.status as 415}${told}`, sides: undefined };
  const { callId } = made.dialog;
  const answered = await eventually('the call at the called side', () =>
    called.agent.calls().find(({ dialog }) => dialog.callId === callId),
  );
  const { suite } = made.stats();
  assert.equal(answered.stats().suite, suite);
  return { outcome: suite === 'none' ? `RTP${told as '+'}` : 'SRTP', sides: [made, answered] };
}
