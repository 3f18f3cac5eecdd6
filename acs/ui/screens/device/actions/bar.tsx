// The actions of a device: the usual ones as buttons, all others in a menu, and in the palette.
import type { JSX } from 'preact';
import { undoReplacement } from '../../../api/device/device.ts';
import { rootOf } from '../../../api/device/work.ts';
import { problemOf } from '../../../api/problem.ts';
import type { Device } from '../../../api/shapes.ts';
import { Icon } from '../../../components/icon.tsx';
import { Menu, type MenuEntry } from '../../../components/menu.tsx';
import { useActions } from '../../../state/actions.ts';
import { useShortcuts } from '../../../state/keys.ts';
import { may } from '../../../state/session.ts';
import { tell } from '../../../state/toasts.ts';
import { device as english } from '../../../words/en/device/device.ts';
import { textsOf } from '../../../words/texts.ts';
import type { TabProps } from '../props.ts';
import { sendTask } from './carry-out.ts';
import { type DialogName, openDialog } from './opened.ts';
import { TraceMenu } from './trace.tsx';
import { WakeButton, wakeNow } from './wake.tsx';

const words = textsOf('device', english);

export function ActionBar(props: TabProps): JSX.Element {
  const { device, line } = props;
  const mayTask = may('addTask');
  const unfit = reasonAgainst(device);
  const canTask = mayTask && unfit === undefined;
  const texts = words().actions;
  const read = (): void => {
    if (canTask) void readAgain(device);
  };
  const entries = entriesOf(props, unfit);
  useShortcuts(mayTask ? [{ keys: 'r', label: texts.read, run: read }] : []);
  useActions(device.serial, [
    ...(may('connectionRequest') ? [{ text: words().wake.action, keys: 'w', run: () => wakeNow(device, line) }] : []),
    ...(canTask ? [{ text: texts.read, keys: 'r', run: read }] : []),
    ...(canTask ? [{ text: texts.reboot, run: () => openDialog('reboot') }] : []),
    ...entries.filter(({ disabled }) => disabled === undefined).map(({ text, run }) => ({ text, run })),
  ]);
  return (
    <div class="row actions">
      <WakeButton {...props} />
      {mayTask && (
        <>
          <button class="btn" type="button" disabled={!canTask} title={unfit} onClick={read}>
            <Icon name="reload" />
            {texts.read}
          </button>
          <button class="btn" type="button" disabled={!canTask} title={unfit} onClick={() => openDialog('reboot')}>
            <Icon name="bolt" />
            {texts.reboot}
          </button>
        </>
      )}
      <TraceMenu {...props} />
      {entries.length > 0 && (
        <Menu label={texts.more} class="btn square" align="end" entries={entries}>
          <Icon name="ellipsis" />
        </Menu>
      )}
    </div>
  );
}

/** The reason why the device takes no tasks; undefined where it does. */
function reasonAgainst({ state, replacedBy }: Device): string | undefined {
  if (replacedBy) return words().actions.replaced;
  return state === 'held' || state === 'quarantine' ? words().actions.notManaged : undefined;
}

/** Reads all that is below its root. */
async function readAgain(device: Device): Promise<void> {
  try {
    const root = await rootOf(device.id);
    await sendTask(device, { method: 'GetParameterValues', args: { ParameterNames: [root] } }, words().actions.reading);
  } catch (error) {
    tell({ tone: 'bad', text: problemOf(error).message });
  }
}

/** One entry of the menu: the operation that it needs, and the dialog that it opens. */
interface Choice {
  operation: string;
  dialog: DialogName;
  given?: string;
  icon?: MenuEntry['icon'];
  isDangerous?: true;
  /** Needs a device that takes tasks. */
  isTask?: true;
}

const choices: Readonly<Record<string, readonly Choice[]>> = {
  change: [
    { operation: 'patchDevice', dialog: 'tags', icon: 'tag' },
    { operation: 'patchDevice', dialog: 'site', icon: 'edit' },
    { operation: 'patchDevice', dialog: 'override', icon: 'presets' },
  ],
  check: [{ operation: 'runDiagnostic', dialog: 'diagnostics', icon: 'terminal', isTask: true }],
  files: [
    { operation: 'addTask', dialog: 'download', icon: 'download', isTask: true },
    { operation: 'addTask', dialog: 'upload', icon: 'upload', isTask: true },
  ],
  device: [
    { operation: 'replaceDevice', dialog: 'swap' },
    { operation: 'createJob', dialog: 'hold', icon: 'pause' },
    { operation: 'approveDevice', dialog: 'approve', icon: 'check' },
    { operation: 'addTask', dialog: 'reset', isDangerous: true, isTask: true },
    { operation: 'deleteDevice', dialog: 'forget', icon: 'trash', isDangerous: true },
  ],
};

function entriesOf({ device, reload }: TabProps, unfit: string | undefined): MenuEntry[] {
  const { heads, dialogs } = words().actions;
  const listed = Object.entries(choices).flatMap(([group, list]) => {
    const allowed = list.filter(({ operation, dialog }) => may(operation) && isOffered(dialog, device));
    return allowed.map(({ dialog, given, icon, isDangerous, isTask }, at): MenuEntry => {
      const head = at === 0 ? heads[group as keyof typeof heads] : undefined;
      return {
        text: dialogs[dialog],
        run: () => openDialog(dialog, given),
        ...(icon === undefined ? {} : { icon }),
        ...(isDangerous ? { isDangerous } : {}),
        ...(isTask && unfit !== undefined ? { disabled: unfit } : {}),
        ...(head === undefined ? {} : { head }),
      };
    });
  });
  if (!device.replacedBy || !may('undoReplacement')) return listed;
  return [...listed, { text: words().actions.undoSwap, run: () => void undoSwap(device, reload) }];
}

/** Held devices are approved, managed ones are held, replaced ones are neither. */
function isOffered(dialog: DialogName, { state }: Device): boolean {
  if (dialog === 'approve') return state === 'held' || state === 'quarantine';
  if (dialog === 'hold') return state === 'enrolled';
  return dialog !== 'swap' || state !== 'replaced';
}

async function undoSwap({ id, serial }: Device, reload: () => void): Promise<void> {
  try {
    await undoReplacement(id);
    tell({ tone: 'ok', text: words().actions.undone(serial) });
    reload();
  } catch (error) {
    tell({ tone: 'bad', text: problemOf(error).message });
  }
}
