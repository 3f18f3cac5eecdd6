// A row of the tree of parameters: a value with its type, age and decider, or a branch.
import type { ComponentChildren, JSX } from 'preact';
import { Age } from '../../../../components/age.tsx';
import { Icon } from '../../../../components/icon.tsx';
import { hrefOf } from '../../../../state/location.ts';
import { parameters } from '../../../../words/en/device/parameters.ts';
import { textsOf } from '../../../../words/texts.ts';
import type { Change } from '../changes.ts';
import { boundsOf, isSecret, plainType } from '../judge.ts';
import { type BranchRow, type LeafRow, markedParts } from '../tree.ts';
import { wrongText } from '../wrong-text.ts';
import { Editor } from './editor.tsx';
import { roles, type TreeTools } from './tools.ts';

const words = textsOf('deviceParameters', parameters);

export const Marked = ({ text, found }: { text: string; found: readonly string[] }): JSX.Element => (
  <>{markedParts(text, found).map((part, at) => (at % 2 === 1 ? <mark key={at}>{part}</mark> : part))}</>
);

/** A row of the tree: at its place, with the focus where it is the active one. */
export function TreeRow({
  row,
  index,
  tools,
  classes,
  children,
}: {
  row: BranchRow | LeafRow;
  index: number;
  tools: TreeTools;
  classes: string;
  children: ComponentChildren;
}): JSX.Element {
  const isActive = tools.active === row.path;
  const attributes = {
    ...roles.row,
    'aria-level': row.depth + 1,
    'aria-rowindex': index + 2,
    'aria-selected': isActive,
    ...(row.kind === 'branch' ? { 'aria-expanded': row.isOpen } : {}),
    onFocus: (event: FocusEvent) => {
      if (event.target === event.currentTarget) tools.activate(row.path);
    },
    onClick: (event: MouseEvent) => tools.click(row, event),
    onKeyDown: (event: KeyboardEvent) => tools.key(row, index, event),
  };
  return (
    <div
      class={`leaf ${classes}`}
      data-path={row.path}
      tabIndex={isActive || (tools.active === undefined && index === 0) ? 0 : -1}
      style={{
        '--d': String(row.depth),
        '--y': `${tools.edges[index] ?? 0}px`,
        '--h': `${tools.heights[index] ?? 0}px`,
      }}
      {...attributes}
    >
      {children}
    </div>
  );
}

export function BranchLine({ row, index, tools }: { row: BranchRow; index: number; tools: TreeTools }): JSX.Element {
  const { name, isOpen, count, rows, about, path } = row;
  const text = tools.itemOf(path).text;
  return (
    <TreeRow row={row} index={index} tools={tools} classes="branch">
      <span class="name" {...roles.cell}>
        <button
          class="twist"
          type="button"
          tabIndex={-1}
          aria-expanded={isOpen}
          aria-label={isOpen ? words().shut(path) : words().open(path)}
          onClick={event => {
            event.stopPropagation();
            tools.turn(path);
          }}
        >
          <Icon name="right" />
        </button>
        <span class="mono cut" title={path}>
          <Marked text={name} found={tools.words} />
        </span>
        <span class="ink-3 small cut aside">
          {about ? `${about.name} “${about.value}”` : rows === undefined ? words().values(count) : words().rows(rows)}
          {text ? ` · ${text}` : ''}
        </span>
      </span>
    </TreeRow>
  );
}

export function LeafLine({ row, index, tools }: { row: LeafRow; index: number; tools: TreeTools }): JSX.Element {
  const { known, path, name } = row;
  const change = tools.changes.get(path);
  const item = tools.itemOf(path, known.type);
  const isBad = change !== undefined && (change.wrong !== undefined || change.edit.refusal !== undefined);
  const state = change ? (isBad ? 'wrong' : 'staged') : '';
  return (
    <TreeRow row={row} index={index} tools={tools} classes={state}>
      <span class="name" {...roles.cell}>
        <span class="twist" />
        <span class="mono cut" title={item.text ? `${path}\n${item.text}` : path}>
          <Marked text={name} found={tools.words} />
        </span>
      </span>
      <span class="val" {...roles.cell}>
        {tools.isEdited(path) ? <EditedValue {...{ row, tools, change }} /> : <KnownValue row={row} tools={tools} />}
      </span>
      <span class="type ink-3 small cut" {...roles.cell}>
        {item.enum ? words().enumeration : plainType(item.type ?? known.type)}
      </span>
      <span class="small age" {...roles.cell}>
        {known.time !== '' && <Age at={known.time} />}
      </span>
      <span class="src small cut" {...roles.cell}>
        <Decider row={row} tools={tools} change={change} />
      </span>
    </TreeRow>
  );
}

function KnownValue({ row: { known, path }, tools }: { row: LeafRow; tools: TreeTools }): JSX.Element {
  const isOff = tools.differs(path);
  return (
    <>
      {known.time === '' ? (
        <span class="ink-3">{words().never}</span>
      ) : known.value === '' ? (
        <span class="ink-3">{words().empty}</span>
      ) : (
        <span class={`mono cut ${isOff ? 'warn' : ''}`} title={known.value}>
          <Marked text={known.value} found={tools.words} />
        </span>
      )}
      {tools.isReadOnly(path) && (
        <span class="ink-3" title={words().readOnly}>
          <Icon name="lock" />
          <span class="sr">{words().readOnly}</span>
        </span>
      )}
    </>
  );
}

function EditedValue({
  row: { known, path, name },
  tools,
  change,
}: {
  row: LeafRow;
  tools: TreeTools;
  change: Change | undefined;
}): JSX.Element {
  const item = tools.itemOf(path, known.type);
  const secret = isSecret(path, known.value);
  const wrong = change?.wrong;
  const bounds = boundsOf({ type: null, ...item });
  return (
    <>
      <Editor
        label={name}
        value={change ? change.edit.to : secret ? '' : known.value}
        item={item}
        isSecret={secret}
        isWrong={wrong !== undefined}
        isFocused={tools.editing === path}
        onInput={value => tools.input(path, value)}
        onFocus={() => tools.enterEdit(path)}
        onBlur={() => tools.leaveEdit(path)}
        onDone={() => tools.endEdit(path, true)}
        onCancel={() => tools.endEdit(path, false)}
      />
      {wrong !== undefined ? (
        <span class="bad small cut">{wrong === 'lost' ? words().wrong.lost : wrongText(wrong)}</span>
      ) : (
        <span class="ink-3 small cut">
          {[
            change && !secret ? words().was(change.edit.from || words().empty) : '',
            bounds ? words().bounds(...bounds) : '',
          ]
            .filter(text => text !== '')
            .join(' · ')}
        </span>
      )}
    </>
  );
}

/** The preset that decides a value, or what becomes of its change. */
function Decider({
  row: { known, path },
  tools,
  change,
}: {
  row: LeafRow;
  tools: TreeTools;
  change: Change | undefined;
}): JSX.Element | null {
  const refusal = change?.edit.refusal;
  if (refusal) return <span class="bad">{words().refusedWith(String(refusal.code))}</span>;
  if (change?.edit.task !== undefined) return <span class="busy">{words().isSent}</span>;
  if (change?.wrong !== undefined) return <span class="bad">{words().stagedWrong}</span>;
  if (change) return <span class="warn">{words().staged}</span>;
  const { decidedBy } = known;
  if (decidedBy === undefined) return null;
  if (decidedBy === 'override') return <span class="odd">{words().override}</span>;
  if (tools.isKept(path, decidedBy))
    return (
      <span class="bad">
        <Icon name="faults" /> {decidedBy}
      </span>
    );
  return (
    <a href={hrefOf(`/presets/${encodeURIComponent(decidedBy)}`)} tabIndex={-1}>
      {decidedBy}
    </a>
  );
}
