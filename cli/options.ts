/**
 * options.ts: values of command line options, read and checked. A wrong one is one line that names the option, the value and
 * what was expected, and exit status 2.
 */
import { InvalidArgumentError } from "commander";

/** A whole number in [min, max]. */
export function integerOption(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(
        `${name} is ${JSON.stringify(text)}, expected a whole number from ${min} to ${max}`,
      );
    }
    return value;
  };
}

/** A number above zero. */
export function amountOption(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
      throw new InvalidArgumentError(`${name} is ${JSON.stringify(text)}, expected a number above 0`);
    }
    return value;
  };
}

export function pathOption(text: string): string {
  if (text === "") throw new InvalidArgumentError('the value is "", expected a path');
  return text;
}
