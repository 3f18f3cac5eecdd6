// Sending from the drawer: the newest values are looked at first, and tasks are followed to their end.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../../api/problem.ts';
import type { Device } from '../../../api/shapes.ts';
import { every } from '../../../state/clock.ts';
import { type DeviceLine, useReload } from '../../../state/device-line.ts';
import type { Edits } from '../../../state/staged/edit.ts';
import { tell } from '../../../state/toasts.ts';
import { parameters } from '../../../words/en/device/parameters.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import { carriers, changedMeanwhile, type Sent, send, settle, type When } from './sending.ts';

const words = textsOf('deviceParameters', parameters);
/** Tasks are looked at also without an event, which may have been missed. */
const LOOK_MS = 5000;

/** The message of a task that is under way: its outcome takes its place. */
const messages = new Map<string, number>();

export interface Sending {
  isSending: boolean;
  problem: Problem | undefined;
  run: (when: When, force?: boolean) => void;
}

interface SendingOptions {
  device: Device;
  edits: Edits;
  line: DeviceLine;
  /** ISO 8601: the next night at the site. */
  notBefore: string;
  night: string;
  /** Reads the values again. */
  reload: () => void;
}

export function useSending({ device: { id }, edits, line, notBefore, night, reload }: SendingOptions): Sending {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  useEffect(() => setProblem(undefined), [edits]);
  const run = async (when: When, force: boolean): Promise<void> => {
    const open = edits.filter(({ task }) => task === undefined);
    setSending(true);
    setProblem(undefined);
    try {
      if ((await changedMeanwhile(id, open)).size > 0) reload();
      else
        tellSent(id, await send(id, open, { when, notBefore, night, force }), when === 'tonight' ? night : undefined);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setSending(false);
  };
  useCarriers(id, edits, line, reload);
  return { isSending, problem, run: (when, force = false) => void run(when, force) };
}

function tellSent(id: string, { overrides, task, unwoken }: Sent, night: string | undefined): void {
  const link = { href: hrefOfTab(id, 'tasks'), text: words().tasks };
  if (overrides > 0) tell({ tone: 'ok', text: words().overridden(overrides) });
  if (!task) return;
  if (night !== undefined) tell({ tone: 'ok', text: words().waitsTonight(night), link });
  else {
    const text = unwoken === undefined ? words().waits : words().waitsBecause(unwoken);
    messages.set(task.id, tell({ tone: 'busy', text, link }));
  }
}

/** Follows the tasks that carry changes: what the device has taken goes, what it has refused is marked. */
function useCarriers(id: string, edits: Edits, line: DeviceLine, reload: () => void): void {
  const latest = useRef(edits);
  latest.current = edits;
  const look = async (): Promise<void> => {
    for (const task of await carriers(latest.current)) {
      const count = settle(id, task);
      if (count === 0) continue;
      reload();
      const isDone = task.state === 'done';
      tell(
        { tone: isDone ? 'ok' : 'bad', text: isDone ? words().allSet(count) : words().notSet },
        messages.get(task.id),
      );
    }
  };
  const tasks = edits.flatMap(({ task }) => task ?? []).join(' ');
  useReload(line, ['task', 'session'], () => void look());
  useEffect(() => {
    if (tasks === '') return;
    void look();
    return every(LOOK_MS, () => void look());
  }, [tasks]);
}
