// The faults of a device: each with its cause, its advice and what can be done.
import type { JSX } from 'preact';
import { Age } from '../../../components/age.tsx';
import { Empty } from '../../../components/empty.tsx';
import { deviceWork as english } from '../../../words/en/device/work.ts';
import { number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import type { TabProps } from '../props.ts';
import { FaultNote } from '../summary/notes/fault-note.tsx';

const words = textsOf('deviceWork', english);

export function FaultsTab({ device, reload }: TabProps): JSX.Element {
  const texts = words().faults;
  if (device.faults.length === 0) return <Empty title={texts.none} text={texts.noneHint} />;
  const newest = [...device.faults].sort((a, b) => b.last.localeCompare(a.last));
  return (
    <ol class="stack" aria-label={texts.title}>
      {newest.map(fault => (
        <li class="stack tight" key={fault.id}>
          <FaultNote device={device} fault={fault} reload={reload} />
          <p class="small ink-3">
            {texts.count(number(fault.count))} <Age at={fault.last} say={texts.last} />
          </p>
        </li>
      ))}
    </ol>
  );
}
