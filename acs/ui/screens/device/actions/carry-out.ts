// Tasks for a device with one message each: it shows that the task is made, and then its outcome.
import { carryOut, type Task, type TaskInput } from '../../../api/device/work.ts';
import { problemOf } from '../../../api/problem.ts';
import type { Device } from '../../../api/shapes.ts';
import { tell } from '../../../state/toasts.ts';
import { device as english } from '../../../words/en/device/device.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';

const words = textsOf('device', english);

/** @param what the work in the words of the reader, as in the list of tasks */
export const sendTask = async (device: Device, input: TaskInput, what: string): Promise<void> =>
  await followTask(device, async () => await carryOut(device.id, input), what);

/** @param begin answers with the task as it is after a while */
export async function followTask(
  { id, serial }: Pick<Device, 'id' | 'serial'>,
  begin: () => Promise<Task>,
  what: string,
): Promise<void> {
  const texts = words().work;
  const link = { href: hrefOfTab(id, 'tasks'), text: words().tabs.tasks };
  const message = tell({ tone: 'busy', text: texts.asked(serial, what), link });
  try {
    const { state, fault, connectionRequest: reason } = await begin();
    if (state === 'done') tell({ tone: 'ok', text: texts.done(serial, what), link }, message);
    else if (fault) tell({ tone: 'bad', text: texts.failed(serial, what, fault.code, fault.message), link }, message);
    else tell({ tone: 'busy', text: texts.waits(serial, what, reason ?? ''), link }, message);
  } catch (error) {
    tell({ tone: 'bad', text: texts.refused(serial, what, problemOf(error).message) }, message);
  }
}
