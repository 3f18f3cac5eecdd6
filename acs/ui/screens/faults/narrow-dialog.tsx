// A preset is narrowed, so that it leaves out the devices with a value: its filter before and after, and how many leave it.
import type { JSX } from 'preact';
import { countDevices } from '../../api/devices.ts';
import { bothFilters } from '../../api/faults.ts';
import { narrowedFilter, narrowPreset, type PresetText, readPreset } from '../../api/narrowing.ts';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Dialog } from '../../components/dialogs/dialog.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { tell } from '../../state/toasts.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('faults', faults);

export interface NarrowDialogProps {
  preset: string;
  /** A filter over the devices that leave it. */
  without: string;
  onDone: () => void;
  onClose: () => void;
}

interface Known {
  preset: PresetText;
  leaving: number;
  left: number;
}

async function load(name: string, without: string, signal: AbortSignal): Promise<Known> {
  const preset = await readPreset(name, signal);
  const [leaving, left] = await Promise.all([
    countDevices(bothFilters(preset.filter, without) ?? '', signal),
    countDevices(narrowedFilter(preset, without), signal),
  ]);
  return { preset, leaving, left };
}

export function NarrowDialog({ preset: name, without, onDone, onClose }: NarrowDialogProps): JSX.Element {
  const known = useResource(JSON.stringify([name, without]), async signal => await load(name, without, signal));
  if (!known.value)
    return (
      <Dialog title={words().narrowTitle(name)} onClose={onClose}>
        {known.problem ? <ProblemNote problem={known.problem} onRetry={known.reload} /> : <Skeleton rows={3} />}
      </Dialog>
    );
  const { preset, leaving, left } = known.value;
  const after = narrowedFilter(preset, without);
  return (
    <Confirm
      title={words().narrowTitle(name)}
      action={words().narrowAction}
      typed={leaving > 100 ? String(leaving) : undefined}
      isDangerous={left === 0}
      onClose={onClose}
      onConfirm={async () => {
        await narrowPreset(name, preset, after);
        tell({
          ...{ tone: 'ok', text: words().narrowed(name) },
          link: { href: hrefOf(`/presets/${encodeURIComponent(name)}`), text: words().toPreset },
        });
        onDone();
      }}
    >
      <p>{words().narrowText(leaving)}</p>
      {left === 0 && <p class="bad">{words().narrowNone}</p>}
      <dl class="kv">
        <dt>{words().before}</dt>
        <dd class="mono small">{preset.filter || words().everyDevice}</dd>
        <dt>{words().after}</dt>
        <dd class="mono small">{after}</dd>
      </dl>
    </Confirm>
  );
}
