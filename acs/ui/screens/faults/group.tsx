// One group of faults: closed its count and its cause, open what its devices have in common and what can be done.
import type { ComponentChildren, JSX } from 'preact';
import type { FaultGroup } from '../../api/faults.ts';
import { Icon } from '../../components/icon.tsx';
import { now } from '../../state/clock.ts';
import { mutedUntil } from '../../state/mutes.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { causeText, faultName } from '../../words/fault-texts.ts';
import { dateTime, number, span } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { GroupDetail } from './group-detail.tsx';
import type { GroupProps } from './group-props.ts';
import { ask } from './query.ts';

const words = textsOf('faults', faults);

/** The name of a group, by what it was made. */
function titleOf({ code, cause, parameter, message, ...by }: FaultGroup): { title: string; about: string } {
  if (code !== undefined) {
    const parts = [...(cause === undefined ? [] : [causeText(cause)]), ...(parameter ? [parameter] : [])];
    return { title: faultName(code), about: parts.length > 0 ? parts.join(' · ') : message };
  }
  if (cause !== undefined) return { title: causeText(cause), about: message };
  const value = parameter ?? by.firmware ?? by.product ?? by['site.name'];
  return { title: typeof value === 'string' && value !== '' ? value : '–', about: message };
}

/** The products and the firmware of its devices, in few words. */
function spreadText({ spread: { product, firmware } }: FaultGroup): string {
  const products = product.map(({ value }) => value).join(', ');
  const [only, ...others] = firmware;
  return [products, others.length === 0 ? (only?.value ?? '') : words().firmwares(firmware.length)]
    .filter(Boolean)
    .join(product.length > 1 || others.length > 0 ? ', ' : ' ');
}

export function Group(props: GroupProps): JSX.Element {
  const { group, isGone, isOpen } = props;
  const { title, about } = titleOf(group);
  const until = mutedUntil(group.key);
  const age = (time: string): string => span(now.value - new Date(time).getTime());
  return (
    <details
      class="fgroup"
      open={isOpen}
      onToggle={({ currentTarget: { open } }) => {
        if (open !== isOpen) ask({ open: open ? group.key : undefined });
      }}
    >
      <summary class={isGone ? 'ink-3' : ''}>
        <span class="twist">
          <Icon name="right" />
        </span>
        <span class="n">{isGone ? number(0) : number(group.count)}</span>
        <span class="stack tight">
          <span class="row tight">
            <b>{title}</b>
            {group.code !== undefined && <span class="tag mono bad">{group.code}</span>}
            {isGone && <span class="tag">{words().gone}</span>}
            {until !== undefined && <span class="tag odd">{words().mutedUntil(dateTime(until))}</span>}
          </span>
          <span class="ink-2 wrap-any">{about}</span>
        </span>
        <span class="tags small ink-2">{spreadText(group)}</span>
        <Times first={group.first} last={group.last}>
          <span>{words().since(age(group.first))}</span>
          <span>{words().last(age(group.last))}</span>
        </Times>
      </summary>
      {isOpen && <GroupDetail {...props} />}
    </details>
  );
}

const Times = ({
  first,
  last,
  children,
}: {
  first: string;
  last: string;
  children: ComponentChildren;
}): JSX.Element => (
  <span class="when small ink-3 num" title={`${dateTime(first)} – ${dateTime(last)}`}>
    {children}
  </span>
);
