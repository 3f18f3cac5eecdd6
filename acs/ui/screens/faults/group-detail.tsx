// An open group: the hint, what its devices have in common, what can be done, the first of them.
import type { JSX } from 'preact';
import { bothFilters, devicesOf, inCommon } from '../../api/faults.ts';
import { countLeft } from '../../api/narrowing.ts';
import { Icon } from '../../components/icon.tsx';
import { Note } from '../../components/note.tsx';
import { hrefOf } from '../../state/location.ts';
import { mutedUntil, unmute } from '../../state/mutes.ts';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { summary } from '../../state/summary.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { presetOf } from '../../words/fault-texts.ts';
import { textsOf } from '../../words/texts.ts';
import { FirstOnes } from './first-ones.tsx';
import type { GroupProps } from './group-props.ts';
import { InCommonList, isSignificant } from './in-common.tsx';
import { MuteDialog } from './mute-dialog.tsx';
import { NarrowDialog } from './narrow-dialog.tsx';
import { RetryDialog } from './retry-dialog.tsx';

const words = textsOf('faults', faults);

export function GroupDetail({ group, filter, onDialog, onDone }: GroupProps): JSX.Element {
  const common = useResource(
    JSON.stringify([group.key, filter]),
    async signal => await inCommon(group, filter, signal),
  );
  const devices = bothFilters(devicesOf(group), filter) ?? '';
  const close = (): void => onDialog(undefined);
  const preset = group.cause === undefined ? undefined : presetOf(group.cause);
  const first = common.value?.items.find(item => isSignificant(item) && item.filter !== undefined)?.filter;
  // A preset that is shown in part must not be written back.
  const mayNarrow = may('putPreset') && summary.value?.drift !== undefined;
  return (
    <div>
      <div class="cols">
        <div class="c7 stack">
          {group.hint !== '' && <Note tone="busy">{group.hint}</Note>}
          {group.code !== undefined && group.message !== '' && <p class="mono small ink-2 wrap-any">{group.message}</p>}
          <InCommonList of={common} />
          <div class="row">
            {preset !== undefined && first !== undefined && mayNarrow && (
              <NarrowButton
                preset={preset}
                without={first}
                onOpen={() =>
                  onDialog(<NarrowDialog preset={preset} without={first} onDone={onDone} onClose={close} />)
                }
              />
            )}
            {preset !== undefined && may('getPreset') && (
              <a class="btn" href={hrefOf(`/presets/${encodeURIComponent(preset)}`)}>
                {words().openPreset(preset)}
              </a>
            )}
            <a class="btn" href={hrefOf('/devices', { q: devices })}>
              {words().openDevices}
            </a>
            {may('retryFaults') && (
              <button
                class="btn"
                type="button"
                onClick={() =>
                  onDialog(
                    <RetryDialog
                      search={{ group: group.key, filter }}
                      count={group.count}
                      onDone={onDone}
                      onClose={close}
                    />,
                  )
                }
              >
                <Icon name="reload" />
                {words().retry(group.count)}
              </button>
            )}
            {mutedUntil(group.key) === undefined ? (
              <button
                class="btn quiet"
                type="button"
                onClick={() => onDialog(<MuteDialog group={group.key} onClose={close} />)}
              >
                {words().mute}
              </button>
            ) : (
              <button class="btn quiet" type="button" onClick={() => unmute(group.key)}>
                {words().unmute}
              </button>
            )}
          </div>
        </div>
        <FirstOnes group={group} filter={filter} devices={devices} />
      </div>
    </div>
  );
}

/** It is the way to go only where the preset would have devices left. */
function NarrowButton(props: { preset: string; without: string; onOpen: () => void }): JSX.Element {
  const { preset, without, onOpen } = props;
  const left = useResource(JSON.stringify([preset, without]), async signal => await countLeft(preset, without, signal));
  return (
    <button class={(left.value ?? 0) > 0 ? 'btn primary' : 'btn'} type="button" onClick={onOpen}>
      {words().narrow(preset)}
    </button>
  );
}
