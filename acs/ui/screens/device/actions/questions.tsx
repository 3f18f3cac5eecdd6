// Questions before actions on a device that interrupt it, take it out of management or cannot be taken back.
import type { JSX } from 'preact';
import { approveDevice, forgetDevice, holdDevice, removalOf } from '../../../api/device/device.ts';
import { Confirm } from '../../../components/dialogs/confirm.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { go, hrefOf } from '../../../state/location.ts';
import { useResource } from '../../../state/resource.ts';
import { tell } from '../../../state/toasts.ts';
import { deviceActions as english } from '../../../words/en/device/actions.ts';
import { textsOf } from '../../../words/texts.ts';
import { sendTask } from './carry-out.ts';
import { Curl } from './curl.tsx';
import type { DialogProps } from './dialog-props.ts';

const words = textsOf('deviceActions', english);

export const RebootDialog = ({ device, onClose }: DialogProps): JSX.Element => (
  <Confirm
    title={words().reboot.title(device.serial)}
    action={words().reboot.action}
    onClose={onClose}
    onConfirm={async () => {
      void sendTask(device, { method: 'Reboot' }, words().reboot.what);
    }}
  >
    <p>{words().reboot.text}</p>
    <Curl method="POST" id={device.id} rest="/tasks" body={{ method: 'Reboot' }} />
  </Confirm>
);

export const ResetDialog = ({ device, onClose }: DialogProps): JSX.Element => (
  <Confirm
    title={words().reset.title(device.serial)}
    action={words().reset.action}
    typed={device.serial}
    isDangerous
    onClose={onClose}
    onConfirm={async () => {
      void sendTask(device, { method: 'FactoryReset' }, words().reset.what);
    }}
  >
    <p>{words().reset.text}</p>
    <Curl method="POST" id={device.id} rest="/tasks" body={{ method: 'FactoryReset' }} />
  </Confirm>
);

export function ForgetDialog({ device, onClose }: DialogProps): JSX.Element {
  const { id, serial } = device;
  const removal = useResource(id, async signal => await removalOf(id, signal));
  const tasks = removal.value?.openTasks ?? 0;
  const rollout = removal.value?.rollout;
  return (
    <Confirm
      title={words().forget.title(serial)}
      action={words().forget.action}
      isDangerous
      onClose={onClose}
      onConfirm={async () => {
        await forgetDevice(id);
        tell({ tone: 'ok', text: words().forget.done(serial) });
        go(hrefOf('/devices'));
      }}
    >
      {removal.problem && <ProblemNote problem={removal.problem} onRetry={removal.reload} />}
      <p>{words().forget.text}</p>
      {tasks > 0 && <p>{words().forget.tasks(tasks)}</p>}
      {rollout && <p>{words().forget.rollout(rollout)}</p>}
      <Curl method="DELETE" id={id} />
    </Confirm>
  );
}

export const HoldDialog = ({ device: { id, serial }, onClose, reload }: DialogProps): JSX.Element => (
  <Confirm
    title={words().hold.title(serial)}
    action={words().hold.action}
    onClose={onClose}
    onConfirm={async () => {
      const job = await holdDevice(id);
      const link = { href: hrefOf(`/rollouts/${encodeURIComponent(job.id)}`), text: words().hold.job };
      tell({ tone: 'busy', text: words().hold.asked(serial), link });
      reload();
    }}
  >
    <p>{words().hold.text}</p>
  </Confirm>
);

export const ApproveDialog = ({ device: { id, serial, hold }, onClose, reload }: DialogProps): JSX.Element => (
  <Confirm
    title={words().approve.title(serial)}
    action={words().approve.action}
    onClose={onClose}
    onConfirm={async () => {
      await approveDevice(id);
      tell({ tone: 'ok', text: words().approve.done(serial) });
      reload();
    }}
  >
    {hold && <p>{hold.detail}</p>}
    <p>{words().approve.text}</p>
    <Curl method="POST" id={id} rest="/approve" />
  </Confirm>
);
