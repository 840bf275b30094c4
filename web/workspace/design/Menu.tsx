/** A menu behind a button; the page behind it stays as it is. It stands in its own place, so that it is within a landmark. */

import * as Radix from "@radix-ui/react-dropdown-menu";
import type { ReactNode } from "react";

export function Menu({ name, className, shown, children }: { name?: string; className?: string; shown: ReactNode; children: ReactNode }): ReactNode {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger className={className} aria-label={name}>
        {shown}
      </Radix.Trigger>
      <Radix.Content className="menu" align="end" sideOffset={6} collisionPadding={8}>
        {children}
      </Radix.Content>
    </Radix.Root>
  );
}

export function MenuItem({ onSelect, children }: { onSelect: () => void; children: ReactNode }): ReactNode {
  return (
    <Radix.Item className="menu-item" onSelect={onSelect}>
      {children}
    </Radix.Item>
  );
}

/** One of several, the chosen one marked. */
export function MenuChoices<Value extends string>({ label, value, choices, onChoose }: { label: string; value: Value; choices: readonly (readonly [Value, string])[]; onChoose: (value: Value) => void }): ReactNode {
  return (
    <>
      <Radix.Label className="menu-label">{label}</Radix.Label>
      <Radix.RadioGroup value={value} onValueChange={(chosen) => onChoose(chosen as Value)} aria-label={label}>
        {choices.map(([one, name]) => (
          <Radix.RadioItem key={one} value={one} className="menu-item">
            {name}
            <Radix.ItemIndicator className="menu-mark">✓</Radix.ItemIndicator>
          </Radix.RadioItem>
        ))}
      </Radix.RadioGroup>
    </>
  );
}

export const MenuLine = (): ReactNode => <Radix.Separator className="menu-line" />;
