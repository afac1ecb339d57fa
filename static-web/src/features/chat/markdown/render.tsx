/**
 * One block of Markdown as elements. What a model or a tool wrote is not trusted: raw HTML stays
 * text, images are not loaded, links lead only to the web or to mail.
 */
import { SquareCheck, Square } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import Markdown, { type Components } from "react-markdown";

import { withSealed } from "@/features/tools/secret/sealed";
import { useTranslation } from "@/i18n/use-translation";

import { CodeBlock } from "./code-block";
import { ExternalLink } from "./external-link";
import { readGfm } from "./gfm";
import { safeLink } from "./links";
import { labelTableCells } from "./table-cells";

const REMARK = [readGfm];
const REHYPE = [labelTableCells];

export default function RenderMarkdown({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  return (
    <Markdown remarkPlugins={REMARK} rehypePlugins={REHYPE} components={COMPONENTS} urlTransform={(url) => safeLink(url) ?? ""}>
      {withSealed(text, `(${t("sealed.chip")})`)}
    </Markdown>
  );
}

/** The page has its own headings; those of an answer all lie one level below its title. */
const heading = (className: string) =>
  function Heading({ children }: { children?: ReactNode }) {
    return <h3 className={className}>{children}</h3>;
  };

const COMPONENTS: Components = {
  h1: heading("mt-5 mb-2 text-lg font-semibold first:mt-0"),
  h2: heading("mt-5 mb-2 text-lg font-semibold first:mt-0"),
  h3: heading("mt-4 mb-1.5 font-semibold first:mt-0"),
  h4: heading("mt-4 mb-1.5 text-sm font-semibold first:mt-0"),
  h5: heading("mt-4 mb-1.5 text-sm font-semibold first:mt-0"),
  h6: heading("mt-4 mb-1.5 text-sm font-semibold text-ink-soft first:mt-0"),
  p: ({ children }) => <p className="my-3 first:mt-0 last:mb-0">{children}</p>,
  ul: ({ children }) => <ul className="my-3 list-disc space-y-1 pl-6 first:mt-0 last:mb-0">{children}</ul>,
  ol: ({ children, start }) => (
    <ol start={start} className="my-3 list-decimal space-y-1 pl-6 first:mt-0 last:mb-0">
      {children}
    </ol>
  ),
  li: ({ children, className }) => (
    <li className={className === "task-list-item" ? "-ml-5 list-none" : "pl-1 marker:text-ink-faint"}>{children}</li>
  ),
  blockquote: ({ children }) => <blockquote className="my-3 border-l-4 border-line-strong pl-4 text-ink-soft">{children}</blockquote>,
  hr: () => <hr className="my-5 border-line" />,
  a: ({ href, children }) => <ExternalLink href={href}>{children}</ExternalLink>,
  img: ({ src, alt }) => <ImageLink src={typeof src === "string" ? src : undefined} alt={alt} />,
  pre: ({ children }) => <>{children}</>,
  code: Code,
  input: ({ checked }) => <TaskMark checked={checked === true} />,
  table: (props) => <Table {...props} />,
};

function Code({ className, children }: { className?: string | undefined; children?: ReactNode }) {
  const text = String(children ?? "");
  // A fence or an indented piece ends with a line break; a word within a line has none.
  if (className?.startsWith("language-") === true || text.endsWith("\n")) {
    return <CodeBlock language={className?.replace("language-", "") ?? ""} text={text.replace(/\n$/, "")} />;
  }
  return <code className="rounded bg-sunken px-1 py-0.5 font-mono text-[0.875em] break-words">{children}</code>;
}

function ImageLink({ src, alt }: { src: string | undefined; alt: string | undefined }) {
  const { t } = useTranslation("chat");
  const name = alt === undefined || alt === "" ? t("link.image") : t("link.image_named", { name: alt });
  return <ExternalLink href={src}>{name}</ExternalLink>;
}

function TaskMark({ checked }: { checked: boolean }) {
  const { t } = useTranslation("chat");
  const Icon = checked ? SquareCheck : Square;
  return (
    <>
      <Icon size={15} aria-hidden className="mr-1 inline-block align-text-bottom" />
      <span className="sr-only">{t(checked ? "task.done" : "task.open")}</span>
    </>
  );
}

function Table({ children }: ComponentProps<"table">) {
  const { t } = useTranslation("chat");
  return (
    <div
      role="group"
      aria-label={t("table_region")}
      tabIndex={0}
      className="my-3 max-w-full overflow-x-auto rounded-control border border-line first:mt-0 last:mb-0"
    >
      <table role="table" className="markdown-table w-full border-collapse text-sm">
        {children}
      </table>
    </div>
  );
}
