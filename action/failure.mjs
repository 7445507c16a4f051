// What the action says when it stops: one annotation, formatted here for all of its programs.

// A reason to stop: a short title, and a message that says what happened and what to do.
export class Failure extends Error {
  constructor(title, message) {
    super(message);
    this.title = title;
  }
}

// As the runner reads it: one line, with what would end the title or the line escaped.
export function annotation(level, { title, message }) {
  const data = (text) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  return `::${level} title=${property(title ?? "asc-auth: a defect of the action")}::${data(message)}`;
}
