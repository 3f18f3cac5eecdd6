// Reboot by a task, with its CommandKey in M Reboot.
import { type Detail, eventText, expect, informWith, mark } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

export async function reboot(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const start = mark(world);
  const task = await world.api('POST', `/devices/${world.a.id}/tasks?wait=15`, {
    method: 'Reboot',
    args: { CommandKey: 'maintenance-7' },
  });
  expect(
    task.state === 'done',
    `Reboot ended ${task.state}: ${JSON.stringify(task.fault ?? task.connectionRequest ?? '')}`,
  );
  const inform = await informWith(world, world.a, 'M Reboot', start, signal);
  const key = inform.Event.find(event => event.EventCode === 'M Reboot')?.CommandKey;
  expect(key === 'maintenance-7', `M Reboot with CommandKey ${key}`);
  detail.events = inform.Event.map(eventText);
  detail.commandKey = key;
  return inform.Event.map(eventText).join(', ');
}
