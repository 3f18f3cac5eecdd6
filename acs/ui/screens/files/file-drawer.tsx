// One file: what it is, what uses it, and what can be done with it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { deleteFile, fileHref, type StoredFile } from '../../api/administration/files.ts';
import { Age } from '../../components/age.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Note } from '../../components/note.tsx';
import { Pair } from '../../components/records/pair.tsx';
import { SideDrawer } from '../../components/records/side-drawer.tsx';
import { hrefOf } from '../../state/location.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { files } from '../../words/en/files.ts';
import { records } from '../../words/en/records.ts';
import { bytes, number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { DeviceCount, runningFilter, useRunning } from './running.tsx';
import { UploadDialog } from './upload.tsx';

const words = textsOf('files', files);
const common = textsOf('records', records);

export interface FileDrawerProps {
  file: StoredFile;
  onClose: () => void;
  onChanged: () => void;
}

export function FileDrawer({ file, onClose, onChanged }: FileDrawerProps): JSX.Element {
  const { name, usedBy } = file;
  const [asked, setAsked] = useState<'replace' | 'delete' | undefined>(undefined);
  const close = (): void => setAsked(undefined);
  const isUsed = usedBy.presets.length + usedBy.rollouts.length > 0;
  const footer = (
    <>
      {may('getFile') && (
        <a class="btn" href={fileHref(name)} download={name}>
          {words().download}
        </a>
      )}
      {may('putFile') && (
        <button class="btn" type="button" onClick={() => setAsked('replace')}>
          {words().replace}
        </button>
      )}
      {may('deleteFile') && (
        <button class="btn danger push" type="button" onClick={() => setAsked('delete')}>
          {common().remove}
        </button>
      )}
    </>
  );
  return (
    <SideDrawer title={name} onClose={onClose} footer={footer}>
      <Facts file={file} />
      {asked === 'replace' && <UploadDialog replaced={file} known={[file]} onClose={close} onDone={onChanged} />}
      {asked === 'delete' && (
        <Confirm
          title={words().deleteTitle(name)}
          action={common().removeNow}
          isDangerous
          onClose={close}
          onConfirm={async () => {
            await deleteFile(name);
            tell({ tone: 'ok', text: common().removed(name) });
            onClose();
            onChanged();
          }}
        >
          {isUsed ? (
            <Note tone="warn">
              <p>{words().blocked}</p>
              <Users usedBy={usedBy} />
            </Note>
          ) : (
            <p>{words().deleteText}</p>
          )}
        </Confirm>
      )}
    </SideDrawer>
  );
}

function Facts({ file }: { file: StoredFile }): JSX.Element {
  const { type, version, productClass, size, time, sha256, usedBy } = file;
  const heads = words().columns;
  const running = useRunning([file]);
  return (
    <dl class="kv">
      <Pair name={heads.type}>{words().types[type]}</Pair>
      {version !== undefined && (
        <Pair name={heads.version}>
          <span class="mono">{version}</span>
        </Pair>
      )}
      {productClass !== undefined && <Pair name={heads.product}>{productClass}</Pair>}
      <Pair name={heads.size}>{bytes(size)}</Pair>
      <Pair name={heads.time}>
        <Age at={time} />
      </Pair>
      <Pair name={words().digest}>
        <span class="mono wrap-any">{sha256}</span> <CopyButton text={() => sha256} />
      </Pair>
      <Pair name={heads.usedBy}>
        <Users usedBy={usedBy} />
      </Pair>
      {type === 'firmware' && (
        <Pair name={heads.devices}>
          <DeviceCount filter={runningFilter(file)} count={running(file)} show={number} />
        </Pair>
      )}
    </dl>
  );
}

function Users({ usedBy: { presets, rollouts } }: Pick<StoredFile, 'usedBy'>): JSX.Element {
  const links = [
    ...presets.map(name => ({ name, href: hrefOf(`/presets/${encodeURIComponent(name)}`) })),
    ...rollouts.map(name => ({ name, href: hrefOf(`/rollouts/${encodeURIComponent(name)}`) })),
  ];
  if (links.length === 0) return <span class="ink-3">{common().none}</span>;
  return (
    <ul class="stack tight">
      {links.map(({ name, href }) => (
        <li key={href}>
          <a href={href}>{name}</a>
        </li>
      ))}
    </ul>
  );
}
