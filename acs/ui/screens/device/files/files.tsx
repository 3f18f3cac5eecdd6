// The files of a device: what it was offered and has sent, and the backups of its configuration.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { filesOf } from '../../../api/device/work.ts';
import { Age } from '../../../components/age.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Panel } from '../../../components/panel.tsx';
import { useReload } from '../../../state/device-line.ts';
import { hrefOf } from '../../../state/location.ts';
import { useResource } from '../../../state/resource.ts';
import { may } from '../../../state/session.ts';
import { deviceWork as english } from '../../../words/en/device/work.ts';
import { textsOf } from '../../../words/texts.ts';
import { openDialog } from '../actions/opened.ts';
import { hrefOfTab } from '../places.ts';
import type { TabProps } from '../props.ts';
import { taskTones } from '../tasks/task-row.tsx';
import { BackupsPanel } from './backups.tsx';

const words = textsOf('deviceWork', english);

export const FilesTab = (props: TabProps): JSX.Element => (
  <div class="cols">
    <TransfersPanel {...props} />
    <BackupsPanel {...props} />
  </div>
);

function TransfersPanel({ device: { id }, line }: TabProps): JSX.Element {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const files = useResource(`${id} ${cursor ?? ''}`, async signal => await filesOf(id, cursor, signal), {
    keeps: true,
  });
  useReload(line, ['task', 'file'], files.reload);
  const texts = words().files;
  const actions = may('addTask') && (
    <span class="push row">
      <button class="btn tiny quiet" type="button" onClick={() => openDialog('download')}>
        <Icon name="download" />
        {texts.send}
      </button>
    </span>
  );
  return (
    <Panel title={texts.title} class="c7" of={files} isBare aside={actions}>
      {({ items, next }) => (
        <>
          {items.length === 0 && <div class="body ink-2">{texts.none}</div>}
          {items.length > 0 && (
            <table class="table stacks">
              <thead>
                <tr>
                  <th scope="col">{texts.file}</th>
                  <th scope="col">{texts.direction}</th>
                  <th scope="col">{texts.state}</th>
                  <th scope="col">{texts.time}</th>
                </tr>
              </thead>
              <tbody>
                {items.map(({ file, direction, state, task, created, isApplied }) => (
                  <tr key={task}>
                    <td class="wrap-any">
                      <a class="mono" href={hrefOf('/files', { q: file })}>
                        {file}
                      </a>{' '}
                      {isApplied && <span class="tag ok">{texts.applied}</span>}
                    </td>
                    <td>{direction === 'to-device' ? texts.toDevice : texts.fromDevice}</td>
                    <td>
                      <a class={`st ${taskTones[state]}`} href={hrefOfTab(id, 'tasks', { task })}>
                        {words().tasks.states[state]}
                      </a>
                    </td>
                    <td>
                      <Age at={created} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {(cursors.length > 0 || next) && (
            <footer class="row">
              <button
                class="btn tiny"
                type="button"
                disabled={cursors.length === 0}
                onClick={() => setCursors(cursors.slice(0, -1))}
              >
                {words().newer}
              </button>
              <button
                class="btn tiny"
                type="button"
                disabled={!next}
                onClick={() => next && setCursors([...cursors, next])}
              >
                {words().older}
              </button>
            </footer>
          )}
        </>
      )}
    </Panel>
  );
}
