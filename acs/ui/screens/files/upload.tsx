// The upload of a file, with its progress; a replacement by which devices would lose the ACS asks for their number.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  type FileAbout,
  type FileType,
  filePath,
  fileTypes,
  putFile,
  type StoredFile,
} from '../../api/administration/files.ts';
import { curlOf } from '../../api/call.ts';
import { isAborted, type Problem, problemOf } from '../../api/problem.ts';
import { Dialog } from '../../components/dialogs/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Choice } from '../../components/records/choice.tsx';
import { CopyCurl } from '../../components/records/copy-curl.tsx';
import { useKeptDraft } from '../../components/records/kept-draft.ts';
import { TextInput } from '../../components/records/text-input.tsx';
import { tell } from '../../state/toasts.ts';
import { files } from '../../words/en/files.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('files', files);
const general = textsOf('frame', frame);

export interface UploadProps {
  /** The file in whose place the new one comes. */
  replaced?: StoredFile;
  /** Files that are there. */
  known: readonly StoredFile[];
  onClose: () => void;
  onDone: () => void;
}

interface Draft {
  content: File | undefined;
  name: string;
  type: FileType;
  version: string;
  productClass: string;
}

const lossOf = (problem: Problem | undefined): number | undefined =>
  problem?.code === 'would-lose-acs' && typeof problem.document.count === 'number' ? problem.document.count : undefined;

export function UploadDialog({ replaced, known, onClose, onDone }: UploadProps): JSX.Element {
  const { draft, set: setDraft } = useKeptDraft<Draft>(`file ${replaced?.name ?? ''}`, {
    content: undefined,
    name: replaced?.name ?? '',
    type: replaced?.type ?? 'firmware',
    version: replaced?.version ?? '',
    productClass: replaced?.productClass ?? '',
  });
  const [progress, setProgress] = useState<number | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [typed, setTyped] = useState('');
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const isThere = known.some(({ name }) => name === draft.name);
  const losses = lossOf(problem);
  const send = async (isForced: boolean): Promise<void> => {
    if (!draft.content) return;
    setProblem(undefined);
    setProgress(0);
    try {
      const { signal } = stop.current;
      const { name, content } = draft;
      await putFile({
        name,
        content,
        about: aboutOf(draft, isForced),
        isNew: !isThere,
        onProgress: setProgress,
        signal,
      });
      tell({ tone: 'ok', text: words().sent(name) });
      onDone();
      onClose();
    } catch (error) {
      if (!isAborted(error)) setProblem(problemOf(error));
      setProgress(undefined);
    }
  };
  const isReady = draft.content !== undefined && draft.name !== '' && progress === undefined;
  const footer = (
    <>
      <CopyCurl curl={() => curlOfUpload(draft)} />
      <button class="btn" type="button" onClick={onClose}>
        {general().cancel}
      </button>
      <SendButton isReady={isReady} losses={losses} typed={typed} onForce={() => void send(true)} />
    </>
  );
  return (
    <Dialog
      title={replaced ? words().replaceTitle(replaced.name) : words().uploadTitle}
      onClose={onClose}
      footer={footer}
    >
      <form
        id="upload"
        class="stack"
        onSubmit={event => {
          event.preventDefault();
          void send(false);
        }}
      >
        <Fields
          draft={draft}
          isReplaced={replaced !== undefined}
          isThere={isThere}
          set={change => {
            setProblem(undefined);
            setDraft({ ...draft, ...change });
          }}
        />
      </form>
      {progress !== undefined && <Progress share={progress} />}
      {problem && losses === undefined && <ProblemNote problem={problem} />}
      {problem && losses !== undefined && <Losses problem={problem} count={losses} typed={typed} setTyped={setTyped} />}
    </Dialog>
  );
}

interface SendButtonProps {
  isReady: boolean;
  losses: number | undefined;
  typed: string;
  onForce: () => void;
}

const SendButton = ({ isReady, losses, typed, onForce }: SendButtonProps): JSX.Element =>
  losses === undefined ? (
    <button class="btn primary" type="submit" form="upload" disabled={!isReady}>
      {words().send}
    </button>
  ) : (
    <button class="btn danger" type="button" disabled={typed !== String(losses)} onClick={onForce}>
      {words().sendAnyway}
    </button>
  );

const aboutOf = ({ type, version, productClass }: Draft, isForced: boolean): FileAbout => ({
  type,
  ...(version === '' ? {} : { version }),
  ...(productClass === '' ? {} : { productClass }),
  ...(isForced ? { force: true } : {}),
});

/** The content is read from the file of the reader's own machine. */
const curlOfUpload = (draft: Draft): string =>
  `${curlOf('PUT', filePath(draft.name), { query: { ...aboutOf(draft, false) } })} -T ./${draft.content?.name.replace(/[^\w.-]/g, '?') ?? 'FILE'}`;

interface FieldsProps {
  draft: Draft;
  isReplaced: boolean;
  isThere: boolean;
  set: (change: Partial<Draft>) => void;
}

const Fields = ({ draft, isReplaced, isThere, set }: FieldsProps): JSX.Element => (
  <>
    <Field label={words().file}>
      {control => (
        <input
          {...control}
          class="input"
          type="file"
          data-focus
          onChange={event => {
            const [content] = event.currentTarget.files ?? [];
            set({ content, ...(draft.name === '' && content ? { name: storable(content.name) } : {}) });
          }}
        />
      )}
    </Field>
    {!isReplaced && (
      <TextInput
        label={words().name}
        help={isThere ? words().nameTaken : undefined}
        isRequired
        value={draft.name}
        set={name => set({ name: name.trim() })}
      />
    )}
    {!isReplaced && (
      <Choice
        label={words().type}
        value={draft.type}
        values={fileTypes.map(type => [type, words().types[type]])}
        set={type => set({ type: type as FileType })}
      />
    )}
    {draft.type === 'firmware' && (
      <TextInput
        label={words().version}
        help={words().versionHelp}
        isRequired
        value={draft.version}
        set={version => set({ version: version.trim() })}
      />
    )}
    <TextInput
      label={words().product}
      help={words().productHelp}
      value={draft.productClass}
      set={productClass => set({ productClass: productClass.trim() })}
    />
  </>
);

/** The name of a file of the reader's computer, as a name under which a file is stored. */
const storable = (name: string): string => name.replace(/[^\w.-]/g, '-').slice(0, 100);

const Progress = ({ share }: { share: number }): JSX.Element => (
  <div class="gauge">
    <div
      class="track"
      role="progressbar"
      aria-label={words().send}
      aria-valuenow={Math.round(share * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
      style={{ '--v': `${share * 100}%` }}
    />
    <span class="small ink-3">{words().progress(share)}</span>
  </div>
);

interface LossesProps {
  problem: Problem;
  count: number;
  typed: string;
  setTyped: (typed: string) => void;
}

const Losses = ({ problem, count, typed, setTyped }: LossesProps): JSX.Element => (
  <>
    <Note tone="bad" isAlert>
      <b>{words().lose(count)}</b>
      <p>{problem.message}</p>
    </Note>
    <TextInput label={words().loseHelp} value={typed} set={text => setTyped(text.trim())} />
  </>
);
