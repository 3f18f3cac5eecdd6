// A device: its header with state and actions, and the tabs of its parts.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { countParameters } from '../../api/device/device.ts';
import { getDevice } from '../../api/devices.ts';
import { problemOf } from '../../api/problem.ts';
import type { Device } from '../../api/shapes.ts';
import { Empty } from '../../components/empty.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { type DeviceLine, useDeviceLine, useReload } from '../../state/device-line.ts';
import { useShortcuts } from '../../state/keys.ts';
import { useLazy } from '../../state/lazy.ts';
import { go } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { tell } from '../../state/toasts.ts';
import { useTrail } from '../../state/trail.ts';
import { device as english } from '../../words/en/device/device.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { OpenedDialog } from './actions/dialogs.tsx';
import { DeviceHeader } from './header.tsx';
import { MissingDevice } from './missing.tsx';
import { keptList, neighbour } from './neighbours.ts';
import { hrefOfTab } from './places.ts';
import { type Tab, tabs } from './tabs.ts';

const words = textsOf('device', english);

/** Events after which the row of the device is another. */
const CHANGES = [
  ...['enrolled', 'held', 'late', 'lost', 'back', 'inform', 'session', 'task', 'fault', 'faultCleared'],
  ...['reconciled', 'drift', 'moving', 'rollout'],
];

export const DeviceScreen = ({
  params: { id = '', tab = 'summary' },
}: {
  params: Readonly<Record<string, string>>;
}) => <DevicePage key={id} id={id} name={tab} />;

function DevicePage({ id, name }: { id: string; name: string }): JSX.Element {
  const found = useResource(id, async signal => await getDevice(id, signal));
  const line = useDeviceLine(id, found.reload);
  useMissed(line, found.value);
  useTrail([{ text: found.value?.serial ?? id, isId: true }]);
  useReload(line, CHANGES, found.reload);
  const { value: device, problem, at, reload } = found;
  if (!device) {
    if (problem?.status === 404) return <MissingDevice id={id} />;
    return problem ? <ProblemNote problem={problem} onRetry={reload} /> : <Skeleton rows={8} />;
  }
  return (
    <>
      <DeviceHeader device={device} line={line} reload={reload} />
      <DeviceTabs device={device} line={line} current={name} />
      {problem && <ProblemNote problem={problem} at={at} onRetry={reload} />}
      <OpenedDialog device={device} line={line} reload={reload} />
      <TabBody name={name} device={device} line={line} reload={reload} />
    </>
  );
}

/** The device is read once more when its line has opened: where it is another one by then, events were missed before. */
function useMissed({ miss }: DeviceLine, device: Device | undefined): void {
  const reads = useRef<string[]>([]);
  useEffect(() => {
    if (!device || reads.current.length === 2) return;
    reads.current.push(JSON.stringify(device));
    const [before, now] = reads.current;
    if (now !== undefined && now !== before) miss();
  }, [device]);
}

/** Counts that the device itself brings. */
const countOf: Partial<Record<Tab['name'], (device: Device) => number>> = {
  tasks: ({ openTasks }) => openTasks,
  faults: ({ faults }) => faults.length,
};

interface DeviceTabsProps {
  device: Device;
  line: DeviceLine;
  current: string;
}

function DeviceTabs({ device, line, current }: DeviceTabsProps): JSX.Element {
  const { id } = device;
  const parameters = useResource(id, async signal => await countParameters(id, signal));
  useReload(line, ['task', 'session'], parameters.reload);
  const step = (by: number): void => {
    const at = tabs.findIndex(({ name }) => name === current);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (next) go(hrefOfTab(id, next.name));
  };
  const leaf = async (by: 1 | -1): Promise<void> => {
    try {
      const other = await neighbour(id, by, keptList());
      if (other === undefined) tell({ tone: 'busy', text: by === 1 ? words().last : words().first });
      else go(hrefOfTab(other, current));
    } catch (error) {
      tell({ tone: 'bad', text: problemOf(error).message });
    }
  };
  useShortcuts([
    { keys: '[', label: words().keys.previousTab, run: () => step(-1) },
    { keys: ']', label: words().keys.nextTab, run: () => step(1) },
    { keys: 'n', label: words().keys.next, run: () => void leaf(1) },
    { keys: 'p', label: words().keys.previous, run: () => void leaf(-1) },
  ]);
  return (
    <nav class="tabs" aria-label={words().parts}>
      {tabs.map(({ name }) => {
        const count = name === 'parameters' ? (parameters.value ?? 0) : (countOf[name]?.(device) ?? 0);
        return (
          <a key={name} href={hrefOfTab(id, name)} {...(name === current ? { 'aria-current': 'page' as const } : {})}>
            {words().tabs[name]} {count > 0 && <b>{number(count)}</b>}
          </a>
        );
      })}
    </nav>
  );
}

interface TabBodyProps {
  name: string;
  device: Device;
  line: DeviceLine;
  reload: () => void;
}

function TabBody({ name, ...props }: TabBodyProps): JSX.Element {
  const tab = tabs.find(each => each.name === name);
  const { Component, problem } = useLazy(tab);
  if (!tab) return <Empty title={words().noSuchTab} />;
  if (Component) return <Component key={name} {...props} />;
  return problem ? (
    <ProblemNote problem={problem} onRetry={() => globalThis.location.reload()} />
  ) : (
    <Skeleton rows={8} />
  );
}
