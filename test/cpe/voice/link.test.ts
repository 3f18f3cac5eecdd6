// The persistent connection in virtual time: failback, local ports, states.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OpenConnection } from '../../../cpe/voice/servers/connection.ts';
import { type Link, PersistentLink } from '../../../cpe/voice/servers/link.ts';
import { localPorts } from '../../../cpe/voice/servers/local-ports.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import type { Target } from '../../../shared/dns/locate.ts';
import { silentLog } from '../../../shared/log.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';

interface FakeFlow extends Flow {
  lose(reason: string): void;
}

function fakeFlow(port: number): FakeFlow {
  const listeners: ((reason: string) => void)[] = [];
  let closed = false;
  const lose = (reason: string): void => {
    if (closed) return;
    closed = true;
    for (const listener of listeners) listener(reason);
  };
  const flow: FakeFlow = {
    id: `tls-${port}`,
    protocol: 'tls',
    reliable: true,
    local: { host: '127.0.0.1', port },
    remote: { host: '127.0.0.1', port: 5061 },
    get closed() {
      return closed;
    },
    send: () => undefined,
    ping: () => Promise.resolve(true),
    onClose: listener => {
      listeners.push(listener);
      return () => undefined;
    },
    close: reason => lose(reason ?? 'closed'),
    at: () => flow,
    lose,
  };
  return flow;
}

const taken = (): Error => Object.assign(new Error('in use'), { code: 'EADDRINUSE', syscall: 'bind' });

describe('persistent connection', () => {
  const open = (options: {
    connect: (port: number | undefined) => Promise<Flow>;
    interval?: number;
    lastPort?: number;
  }): { clock: VirtualClock; link: Link; stop: () => Promise<void>; states: string[]; ups: number[] } => {
    const clock = new VirtualClock();
    const stopper = new AbortController();
    const states: string[] = [];
    const ups: number[] = [];
    const link: Link = new PersistentLink({
      target: { host: 'sip.test', port: 5061 },
      clock,
      log: silentLog,
      signal: stopper.signal,
      failbackMs: 15_000,
      ports: last => localPorts(16_000, options.interval ?? 0, last),
      lastPort: options.lastPort,
      locate: async () => [{ protocol: 'tls', address: '127.0.0.1', port: 5061, srvNames: [] }],
      holdMs: 15_000,
      isBusy: () => false,
      connect: (_target, port) => options.connect(port),
      notices: {
        connecting: () => undefined,
        up: flow => void ups.push(flow.local.port),
        failed: () => undefined,
        lost: () => undefined,
      },
      onChange: () => {
        if (states.at(-1) !== link.state) states.push(link.state);
      },
    });
    const stop = async (): Promise<void> => {
      stopper.abort();
      await link.done;
    };
    return { clock, link, stop, states, ups };
  };

  it('repeats a failed attempt after 15 s, not before', async () => {
    let attempts = 0;
    const { clock, link, stop } = open({
      connect: async () => {
        attempts++;
        throw new Error('refused');
      },
    });
    await clock.settle();
    assert.equal(attempts, 1);
    await clock.advance(14_999);
    assert.equal(attempts, 1);
    await clock.advance(1);
    assert.equal(attempts, 2);
    assert.equal(link.state, 'Down');
    await stop();
  });

  it('goes Down when lost, comes back Up, and resolves waiting callers', async () => {
    const flows: FakeFlow[] = [];
    const { clock, link, stop, states } = open({
      connect: async port => {
        const flow = fakeFlow(port ?? 0);
        flows.push(flow);
        return flow;
      },
    });
    await clock.settle();
    const first = await link.whenUp(new AbortController().signal);
    assert.equal(first.flow, flows[0]);
    flows[0]?.lose('the peer closed');
    await clock.settle();
    assert.equal(first.down.aborted, true);
    const waiting = link.whenUp(new AbortController().signal);
    await clock.advance(15_000);
    assert.equal((await waiting).flow, flows[1]);
    assert.deepEqual(states, ['WaitingUp', 'Up', 'Down', 'WaitingUp', 'Up']);
    await stop();
    assert.equal(flows[1]?.closed, true);
    assert.equal(link.state, 'Down');
  });

  it('takes the first free port from the base, and ends a wait on abort', async () => {
    const { clock, link, stop } = open({
      connect: async port => {
        if (port === 16_000 || port === 16_001) throw taken();
        return fakeFlow(port ?? 0);
      },
    });
    await clock.settle();
    assert.equal(link.localPort, 16_002);
    await stop();
    const given = new AbortController();
    const never = link.whenUp(given.signal);
    given.abort();
    await assert.rejects(never, { name: 'AbortError' });
  });

  it('cycles through the port interval from behind the port used before a restart', async () => {
    const flows: FakeFlow[] = [];
    const { clock, stop, ups } = open({
      interval: 100,
      lastPort: 16_099,
      connect: async port => {
        const flow = fakeFlow(port ?? 0);
        flows.push(flow);
        return flow;
      },
    });
    for (let i = 0; i < 3; i++) {
      await clock.advance(15_000);
      flows.at(-1)?.lose('gone');
    }
    assert.deepEqual(ups, [16_100, 16_000, 16_001]);
    await stop();
  });

  describe('with several targets', () => {
    const target = (port: number): Target => ({ protocol: 'tls', address: '192.0.2.1', port, srvNames: [] });
    const several = (options: { refused?: Set<number>; busy?: () => boolean; holdMs?: number }) => {
      const clock = new VirtualClock();
      const stopper = new AbortController();
      const flows: { port: number; flow: FakeFlow }[] = [];
      const link = new PersistentLink({
        target: { host: 'sip.test', port: 0 },
        clock,
        log: silentLog,
        signal: stopper.signal,
        failbackMs: 15_000,
        holdMs: options.holdMs ?? 15_000,
        locate: async () => [target(1), target(2)],
        ports: () => [undefined],
        lastPort: undefined,
        connect: async ({ port }) => {
          if (options.refused?.has(port)) throw new Error('refused');
          const flow = fakeFlow(port);
          flows.push({ port, flow });
          return flow;
        },
        notices: { connecting: () => undefined, up: () => undefined, failed: () => undefined, lost: () => undefined },
        isBusy: () => options.busy?.() ?? false,
        onChange: () => undefined,
      });
      const at = (): number | undefined => flows.find(({ flow }) => flow === link.flow)?.port;
      const stop = async (): Promise<void> => {
        stopper.abort();
        await link.done;
      };
      return { clock, link, flows, at, stop };
    };

    it('goes to the next at once, and back when the interval has passed', async () => {
      const { clock, flows, at, stop } = several({});
      await clock.settle();
      assert.equal(at(), 1);
      flows[0]?.flow.lose('gone');
      await clock.settle();
      assert.equal(at(), 2);
      await clock.advance(14_999);
      assert.equal(at(), 2);
      await clock.advance(1);
      assert.equal(at(), 1);
      assert.equal(flows[1]?.flow.closed, true);
      await stop();
    });

    it('keeps the connection that was replaced while a call needs it', async () => {
      let busy = true;
      const refused = new Set([1]);
      const { clock, flows, at, stop } = several({ refused, busy: () => busy });
      await clock.settle();
      refused.clear();
      await clock.advance(15_000);
      assert.deepEqual([at(), flows[0]?.flow.closed], [1, false]);
      busy = false;
      await clock.advance(1000);
      assert.equal(flows[0]?.flow.closed, true);
      await stop();
    });

    it('leaves a target that failed in the penalty box for its time', async () => {
      const { clock, link, at, stop } = several({ holdMs: 300_000 });
      await clock.settle();
      assert.equal(link.failOver(link.flow!, 'no answer'), true);
      await clock.settle();
      assert.equal(at(), 2);
      await clock.advance(299_999);
      assert.equal(at(), 2);
      await clock.advance(15_000);
      assert.equal(at(), 1);
      await stop();
    });

    it('leaves nothing behind at a flow over UDP that it comes back to', async () => {
      const listeners = new Set<unknown>();
      const flow = Object.assign(fakeFlow(1), {
        reliable: false,
        onClose: (listener: unknown) => {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
      });
      const stopper = new AbortController();
      for (let turn = 0; turn < 5; turn++) new OpenConnection(flow, target(1), stopper.signal).leave();
      assert.equal(listeners.size, 0);
    });

    it('tries all again after the interval where each has failed', async () => {
      const refused = new Set([1, 2]);
      const { clock, link, at, stop } = several({ refused });
      await clock.settle();
      assert.equal(link.state, 'Down');
      refused.delete(2);
      await clock.advance(15_000);
      assert.equal(at(), 2);
      await stop();
    });
  });

  it('tries different ports within the range in one attempt', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1025, max: 64_535 }),
        fc.constantFrom(0, 100, 500, 1000),
        fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: undefined }),
        (base, interval, last) => {
          const ports = [...localPorts(base, interval, last)];
          assert.equal(new Set(ports).size, ports.length);
          const highest = interval === 0 ? Math.min(65_535, base + 1000) : base + interval;
          assert.ok(ports.every(port => port >= base && port <= highest));
          if (interval > 0) assert.equal(ports.length, interval + 1);
        },
      ),
    );
  });
});
