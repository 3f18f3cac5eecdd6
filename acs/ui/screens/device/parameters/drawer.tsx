// The drawer of staged changes: what would be sent, what speaks against it, and when it is sent.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem } from '../../../api/problem.ts';
import { CopyButton } from '../../../components/copy-button.tsx';
import { Confirm } from '../../../components/dialogs/confirm.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Path } from '../../../components/path.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { rebased, without } from '../../../state/staged/edit.ts';
import { restage } from '../../../state/staged/staged.ts';
import { parameters } from '../../../words/en/device/parameters.ts';
import { textsOf } from '../../../words/texts.ts';
import type { Change } from './changes.ts';
import { type When, whens } from './sending.ts';
import { refusalText, wrongText } from './wrong-text.ts';

const words = textsOf('deviceParameters', parameters);
const MASK = '***';

export interface DrawerProps {
  device: string;
  changes: readonly Change[];
  /** When a task that waits for the night is sent, as text. */
  night: string;
  isSending: boolean;
  problem: Problem | undefined;
  /** The times that can be chosen: rights may leave out tasks or overrides. */
  choices: readonly When[];
  curl: (when: When) => string;
  onSend: (when: When, force?: boolean) => void;
}

export function StagedDrawer(props: DrawerProps): JSX.Element {
  const { device, changes, night, isSending, problem, choices, curl, onSend } = props;
  const [wish, setWhen] = useState<When>('now');
  const when = choices.includes(wish) ? wish : (choices[0] ?? 'now');
  const open = changes.filter(({ edit }) => edit.task === undefined);
  const isReady = open.length > 0 && open.every(change => change.isReady) && !isSending;
  const canForce = problem?.status === 409 && isReady;
  const [isForcing, setForcing] = useState(false);
  const lines = changes.map(change => <ChangeLine key={change.edit.path} change={change} device={device} />);
  return (
    <aside class="drawer" aria-label={words().drawer}>
      <header>
        <h2>{open.length > 0 ? words().changes(open.length) : words().sentChanges(changes.length)}</h2>
        <button
          class="btn quiet square push"
          type="button"
          aria-label={words().dropAll}
          title={words().dropAll}
          onClick={() => restage(device, () => [])}
        >
          <Icon name="close" />
        </button>
      </header>
      <div class="body">
        <ul class="stack loose">{lines}</ul>
        {problem && <ProblemNote problem={problem} />}
        {canForce && (
          <button class="btn danger" type="button" onClick={() => setForcing(true)}>
            {words().sendForce}
          </button>
        )}
      </div>
      {isForcing && problem && (
        <Confirm
          title={words().forceTitle}
          action={words().forceAction}
          isDangerous
          onConfirm={async () => onSend(when, true)}
          onClose={() => setForcing(false)}
        >
          <p>{problem.message}</p>
        </Confirm>
      )}
      <footer>
        <fieldset class="btns" aria-label={words().when}>
          {whens
            .filter(each => choices.includes(each))
            .map(each => (
              <button
                class="btn tiny"
                type="button"
                key={each}
                aria-pressed={when === each}
                title={each === 'tonight' ? words().whenTitles.tonight(night) : words().whenTitles[each]}
                onClick={() => setWhen(each)}
              >
                {words().whens[each]}
              </button>
            ))}
        </fieldset>
        {when === 'tonight' && open.length > 0 && <span class="small ink-3">{words().whenTitles.tonight(night)}</span>}
        <CopyButton text={() => curl(when)} icon="terminal" label={words().curl} />
        <button
          class="btn primary push"
          type="button"
          aria-disabled={!isReady}
          title={isReady || open.length === 0 ? undefined : words().cannotSend}
          data-send
          onClick={() => {
            if (isReady) onSend(when);
          }}
        >
          {open.length > 0 ? words().send(open.length) : words().sent}
        </button>
      </footer>
    </aside>
  );
}

function ChangeLine({ change, device }: { change: Change; device: string }): JSX.Element {
  const { edit, meanwhile } = change;
  const { path, from, to, isSecret, task, night } = edit;
  const shown = (value: string): string => value || words().empty;
  return (
    <li class="stack tight">
      <div class="row nowrap">
        <Path of={path} />
        <button
          class="btn quiet tiny square push"
          type="button"
          aria-label={`${words().drop}: ${path}`}
          title={words().drop}
          onClick={() => restage(device, edits => without(edits, [path]))}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="row tight">
        <del class="mono tag del">{isSecret ? MASK : shown(from)}</del>
        <span class="ink-3">→</span>
        <ins class="mono tag ins">{isSecret ? MASK : shown(to)}</ins>
      </div>
      {meanwhile !== undefined && (
        <>
          <p class="help bad" role="alert">
            {meanwhile === to ? words().hasIt : words().meanwhile(shown(from), shown(meanwhile), shown(to))}
          </p>
          <div class="row tight">
            {meanwhile !== to && (
              <button
                class="btn tiny"
                type="button"
                onClick={() => restage(device, edits => rebased(edits, path, meanwhile))}
              >
                {words().keepMine(shown(to))}
              </button>
            )}
            <button class="btn tiny" type="button" onClick={() => restage(device, edits => without(edits, [path]))}>
              {words().takeTheirs}
            </button>
          </div>
        </>
      )}
      <Remarks change={change} />
      {task !== undefined && <p class="help">{night === undefined ? words().waits : words().waitsUntil(night)}</p>}
    </li>
  );
}

function Remarks({ change: { edit, item, wrong } }: { change: Change }): JSX.Element {
  const refusal = refusalText(edit);
  return (
    <>
      {edit.way === 'override' && <p class="help">{words().asOverride}</p>}
      {item.restart && <p class="help">{words().needsRestart}</p>}
      {item.effect === 'stored' && <p class="help">{words().onlyStored}</p>}
      {wrong !== undefined && <p class="help bad">{wrong === 'lost' ? words().wrong.lost : wrongText(wrong)}</p>}
      {refusal !== undefined && (
        <p class="help bad" role="alert">
          {refusal}
        </p>
      )}
    </>
  );
}
