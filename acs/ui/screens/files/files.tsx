// Stored files: what uses them, and how many devices run them.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fileTypes, listFiles, type StoredFile } from '../../api/administration/files.ts';
import { Age } from '../../components/age.tsx';
import { Empty } from '../../components/empty.tsx';
import { Icon } from '../../components/icon.tsx';
import { Chips } from '../../components/records/chips.tsx';
import { PageFoot } from '../../components/records/page-foot.tsx';
import { type Column, Records } from '../../components/records/records.tsx';
import { type GrowingList, useGrowingList } from '../../state/growing-list.ts';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { may } from '../../state/session.ts';
import { files } from '../../words/en/files.ts';
import { bytes, number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { FileDrawer } from './file-drawer.tsx';
import { DeviceCount, runningFilter, useRunning } from './running.tsx';
import { UploadDialog } from './upload.tsx';

const words = textsOf('files', files);

export function FilesScreen(): JSX.Element {
  const { query } = place.value;
  const type = query.get('type') ?? undefined;
  const at = query.get('at') ?? undefined;
  const list = useGrowingList<StoredFile>(type ?? '', async (cursor, signal) => await listFiles(type, cursor, signal), {
    keeps: true,
  });
  const [isUploading, setUploading] = useState(false);
  const open = list.items?.find(({ name }) => name === at);
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title(list.total ?? 0)}</h1>
          <p class="ink-2">{words().about}</p>
        </div>
        {may('putFile') && (
          <div class="row actions">
            <button class="btn primary" type="button" onClick={() => setUploading(true)}>
              <Icon name="upload" />
              {words().upload}
            </button>
          </div>
        )}
      </div>
      <Chips
        label={words().kinds}
        name="type"
        values={fileTypes.map(value => ({ value, text: words().types[value] }))}
      />
      <div class={open ? 'with-drawer' : ''}>
        <FileList list={list} at={at} isNarrowed={type !== undefined} />
        {open && (
          <FileDrawer key={open.name} file={open} onClose={() => setQuery({ at: undefined })} onChanged={list.reload} />
        )}
      </div>
      {isUploading && (
        <UploadDialog known={list.items ?? []} onClose={() => setUploading(false)} onDone={list.reload} />
      )}
    </>
  );
}

function FileList({
  list,
  at,
  isNarrowed,
}: {
  list: GrowingList<StoredFile>;
  at: string | undefined;
  isNarrowed: boolean;
}): JSX.Element {
  const running = useRunning(list.items ?? []);
  const { type } = Object.fromEntries(place.value.query);
  return (
    <section class="panel" aria-label={words().title(list.total ?? 0)}>
      {list.items && list.items.length > 0 && (
        <Records
          label={words().title(list.total ?? 0)}
          columns={columns(running)}
          items={list.items}
          keyOf={({ name }) => name}
          hrefOf={({ name }) => hrefOf('/files', { type, at: name })}
          at={at}
        />
      )}
      <PageFoot
        pages={list}
        empty={
          isNarrowed ? <Empty title={words().noneOfKind} /> : <Empty title={words().none} text={words().noneText} />
        }
      />
    </section>
  );
}

function columns(running: (file: StoredFile) => number | undefined): [Column<StoredFile>, ...Column<StoredFile>[]] {
  const heads = words().columns;
  return [
    { name: 'name', head: heads.name, class: 'mono', cell: ({ name }) => name },
    { name: 'type', head: heads.type, class: 'p2', cell: ({ type }) => words().types[type] },
    { name: 'version', head: heads.version, class: 'mono p3', cell: ({ version }) => version },
    { name: 'product', head: heads.product, cell: ({ productClass }) => productClass },
    { name: 'size', head: heads.size, class: 'num', cell: ({ size }) => bytes(size) },
    { name: 'time', head: heads.time, class: 'num p4', cell: ({ time }) => <Age at={time} /> },
    {
      name: 'usedBy',
      head: heads.usedBy,
      cell: ({ usedBy: { presets, rollouts } }) => [...presets, ...rollouts].join(', '),
    },
    {
      name: 'devices',
      head: heads.devices,
      class: 'num',
      cell: file => <DeviceCount filter={runningFilter(file)} count={running(file)} show={number} />,
    },
  ];
}
