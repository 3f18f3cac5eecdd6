// The backups of a device's configuration: made, compared, fetched, restored.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { urlOf } from '../../../api/call.ts';
import { type Backup, backUp, backupsOf, differenceOf, restoreBackup } from '../../../api/device/work.ts';
import { devicePath } from '../../../api/devices.ts';
import { Age } from '../../../components/age.tsx';
import { Confirm } from '../../../components/dialogs/confirm.tsx';
import { Dialog } from '../../../components/dialogs/dialog.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Panel } from '../../../components/panel.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { useReload } from '../../../state/device-line.ts';
import { useResource } from '../../../state/resource.ts';
import { may } from '../../../state/session.ts';
import { deviceWork as english } from '../../../words/en/device/work.ts';
import { bytes } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { followTask } from '../actions/carry-out.ts';
import type { TabProps } from '../props.ts';

const words = textsOf('deviceWork', english);

export function BackupsPanel({ device, line }: TabProps): JSX.Element | null {
  const { id } = device;
  const isAllowed = may('listBackups');
  const backups = useResource(isAllowed ? id : undefined, async signal => await backupsOf(id, signal));
  useReload(line, ['task', 'file'], backups.reload);
  const [compared, setCompared] = useState<{ from: number; to: number } | undefined>(undefined);
  const [restored, setRestored] = useState<Backup | undefined>(undefined);
  if (!isAllowed) return null;
  const texts = words().backups;
  return (
    <Panel
      title={texts.title}
      class="c5"
      of={backups}
      isBare
      aside={
        may('backUpDevice') && (
          <span class="push">
            <button
              class="btn tiny quiet"
              type="button"
              onClick={() => void followTask(device, async () => await backUp(id), texts.what)}
            >
              <Icon name="upload" />
              {texts.now}
            </button>
          </span>
        )
      }
    >
      {items => (
        <>
          {items.length === 0 && <div class="body ink-2">{texts.none}</div>}
          {items.length > 0 && (
            <table class="table stacks">
              <thead>
                <tr>
                  <th scope="col">{texts.backup}</th>
                  <th scope="col">{texts.made}</th>
                  <th scope="col">{texts.actions}</th>
                </tr>
              </thead>
              <tbody>
                {items.map((backup, at) => (
                  <BackupRow
                    key={backup.n}
                    id={id}
                    backup={backup}
                    before={items[at + 1]?.n}
                    onCompare={setCompared}
                    onRestore={setRestored}
                  />
                ))}
              </tbody>
            </table>
          )}
          {compared && <DifferenceDialog id={id} {...compared} onClose={() => setCompared(undefined)} />}
          {restored && (
            <Confirm
              title={texts.restoreTitle(restored.n)}
              action={texts.restore}
              isDangerous
              onClose={() => setRestored(undefined)}
              onConfirm={async () => {
                void followTask(device, async () => await restoreBackup(id, restored.n), texts.restoring);
              }}
            >
              <p>{texts.restoreText}</p>
            </Confirm>
          )}
        </>
      )}
    </Panel>
  );
}

interface BackupRowProps {
  id: string;
  backup: Backup;
  /** The number of the one before. */
  before: number | undefined;
  onCompare: (pair: { from: number; to: number }) => void;
  onRestore: (backup: Backup) => void;
}

function BackupRow({ id, backup, before, onCompare, onRestore }: BackupRowProps): JSX.Element {
  const { n, time, size, rule } = backup;
  const texts = words().backups;
  return (
    <tr>
      <td>
        {texts.number(n)} <span class="ink-3">{[bytes(size), rule].filter(Boolean).join(' · ')}</span>
      </td>
      <td>
        <Age at={time} />
      </td>
      <td class="row">
        {before !== undefined && may('compareBackups') && (
          <button class="btn tiny" type="button" onClick={() => onCompare({ from: before, to: n })}>
            {texts.compare(before)}
          </button>
        )}
        {may('getBackup') && (
          <a
            class="btn tiny quiet square"
            href={urlOf(devicePath(id, `/backups/${n}`))}
            download
            aria-label={texts.fetch(n)}
          >
            <Icon name="download" />
          </a>
        )}
        {may('restoreBackup') && (
          <button class="btn tiny quiet" type="button" onClick={() => onRestore(backup)}>
            {texts.restoreNow}
          </button>
        )}
      </td>
    </tr>
  );
}

function DifferenceDialog({
  id,
  from,
  to,
  onClose,
}: {
  id: string;
  from: number;
  to: number;
  onClose: () => void;
}): JSX.Element {
  const found = useResource(`${from} ${to}`, async signal => await differenceOf(id, { from, to }, signal));
  const { value, problem } = found;
  const texts = words().backups;
  return (
    <Dialog title={texts.difference(from, to)} onClose={onClose}>
      {problem && <ProblemNote problem={problem} onRetry={found.reload} />}
      {!value && !problem && <Skeleton rows={4} />}
      {value?.isSame && <p>{texts.same}</p>}
      {value && !value.isSame && value.diff === undefined && <p>{value.reason}</p>}
      {value?.diff && (
        <pre class="unified">
          {value.diff.split('\n').map((text, at) => (
            <DiffLine key={`${at} ${text}`} text={text} />
          ))}
        </pre>
      )}
    </Dialog>
  );
}

/** The sign stays, so that colour does not tell alone. */
function DiffLine({ text }: { text: string }): JSX.Element {
  const line = `${text}\n`;
  if (text.startsWith('+') && !text.startsWith('+++')) return <ins>{line}</ins>;
  if (text.startsWith('-') && !text.startsWith('---')) return <del>{line}</del>;
  return <span class="ink-3">{line}</span>;
}
