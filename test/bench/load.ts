// The load: a process of its own that plays CPEs, so that its cost is not the server's. Takes orders one at a time from the bench.
import { seededRandom } from '../../shared/clock.ts';
import { emptyReport, type LoadOrder, type LoadReport, participant } from './orders.ts';
import { listenForRequests } from './reachable.ts';
import { storm } from './stormload.ts';
import { createVisitor, type Visitor } from './visit.ts';

async function one(
  visitor: Visitor,
  number: number,
  began: number,
  report: LoadReport,
  parameterKey?: string,
): Promise<void> {
  try {
    const visited = await visitor.visit(number, { parameterKey });
    report.sessions++;
    report.rpcs += visited.rpcs;
    report.resumed += Number(visited.resumed);
    report.challenged += Number(visited.challenged);
    report.times.push(performance.now() - began);
  } catch (error) {
    // Counted: the bench decides what a failure means.
    report.failed++;
    report.lastError = String(error);
  }
}

async function closed(visitor: Visitor, order: LoadOrder & { kind: 'closed' }, report: LoadReport): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < order.sessions) {
      const number = participant(order.devices, next++);
      await one(visitor, number, performance.now(), report, order.keys?.[number]);
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, worker));
}

async function open(visitor: Visitor, order: LoadOrder & { kind: 'open' }, report: LoadReport): Promise<void> {
  const random = seededRandom(order.seed);
  const running: Promise<void>[] = [];
  let at = performance.now();
  for (let nth = 0; nth < order.sessions; nth++) {
    at += (-Math.log(1 - random.next()) * 1000) / order.perSecond;
    const wait = at - performance.now();
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait));
    running.push(one(visitor, participant(order.devices, nth), at, report));
  }
  await Promise.all(running);
}

/** Visitors live on between orders of the same kind: they hold nonces and TLS sessions. */
const visitors = new Map<string, Visitor>();

async function runLoad(order: LoadOrder): Promise<LoadReport> {
  const key = JSON.stringify({ ...order.settings, inform: '', answers: '' });
  const visitor =
    order.kind === 'closed' ? (visitors.get(key) ?? createVisitor(order.settings)) : createVisitor(order.settings);
  visitors.set(key, visitor);
  const report = emptyReport();
  const began = performance.now();
  if (order.kind === 'closed') await closed(visitor, order, report);
  else if (order.kind === 'open') await open(visitor, order, report);
  else if (order.kind === 'storm') await storm(visitor, order, report);
  else report.url = await listenForRequests(order.settings, order.number, order.demands);
  report.seconds = (performance.now() - began) / 1000;
  return report;
}

if (process.send) {
  process.on('message', (order: LoadOrder) => {
    void runLoad(order).then(report => process.send?.(report));
  });
}
