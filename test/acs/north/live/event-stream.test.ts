// The events that one stream keeps and sends, against clients that come, go, and do not read.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EventStream, type Outlet } from '../../../../acs/north/live/event-stream.ts';

const LIMITS = { events: 5, characters: 60, behind: 100 };

/** A client that counts what it receives, and asks for what follows. */
class Client implements Outlet {
  writableLength = 0;
  isOpen = true;
  texts: string[] = [];

  write(text: string): void {
    this.texts.push(text);
  }

  destroy(): void {
    this.isOpen = false;
  }
}

type Step = { do: 'push'; size: number } | { do: 'lose' } | { do: 'return' };

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), size: fc.nat({ max: 30 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'lose' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'return' as const }) },
);

describe('an event stream', () => {
  it('sends each event once and in order, or tells how many are lost', () => {
    fc.assert(
      fc.property(fc.array(stepArb, { maxLength: 60 }), steps => {
        const stream = new EventStream('s', LIMITS);
        let client: Client | undefined;
        let pushed = 0;
        let received = 0;
        const read = (): void => {
          for (const text of client?.texts.splice(0) ?? []) {
            const gap = /"missed":(\d+)/.exec(text)?.[1];
            const number = /^id: s\.(\d+)\ndata/.exec(text)?.[1];
            if (gap !== undefined) received += Number(gap);
            else assert.equal(Number(number), ++received, text);
          }
        };
        const turn = (step: Step): void => {
          if (step.do === 'push') {
            pushed++;
            stream.push(`data${'x'.repeat(step.size)}`);
          } else if (step.do === 'lose' && client) {
            stream.detach(client);
            client = undefined;
          } else if (step.do === 'return') {
            client = new Client();
            stream.attach(client, received);
          }
          read();
          if (client) assert.equal(received, pushed);
        };
        for (const step of steps) turn(step);
      }),
      { seed: Number(process.env.TANDEM_SEED ?? 5), numRuns: 500 },
    );
  });

  it('disconnects a client that does not read, and one that another has replaced', () => {
    const stream = new EventStream('s', LIMITS);
    const [slow, next] = [new Client(), new Client()];
    stream.attach(slow, 0);
    slow.writableLength = 101;
    stream.push('data');
    assert.deepEqual([slow.isOpen, slow.texts], [false, []]);
    stream.attach(next, 0);
    assert.equal(stream.detach(slow), false);
    assert.equal(next.texts.length, 1);
  });
});
