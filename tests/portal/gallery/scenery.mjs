/** What people have asked before the pictures are taken. */
import { asked, call, get, post } from "../harness/api.mjs";
import { MODEL_NAME } from "../harness/model.mjs";

/** @typedef {import("../harness/stack.mjs").Stack} Stack */
/** @typedef {import("../harness/texts.mjs").Language} Language */

/**
 * @typedef {object} Scenery
 * @property {string} table conversation whose answer has a table
 * @property {string} article conversation with everything that Markdown has
 * @property {string} approval conversation that waits for its asker
 * @property {string} handed conversation that waits for somebody else
 * @property {string} writing conversation whose answer is being written
 * @property {string} secret conversation that waits for somebody else to let a secret be shown
 * @property {string} failed conversation with a call that was denied
 * @property {() => void} release ends what is being written
 */

const SAY = {
  en: {
    list: "list my resource groups",
    vms: "show the virtual machines in rg-dev",
    create: "create storage account stgallery in rg-dev in koreacentral",
    destroy: "delete the virtual machine vm-dev-1 in rg-dev",
    deny: "create storage account stdenied in rg-dev",
    why: "Not needed this week.",
    explain: "How do I tag everything in a resource group?",
    write: "Write a summary of our storage",
    others: ["Costs of the test environment", "Key vaults without purge protection", "Why is vm-prod-1 stopped?", "Subnets of vnet-hub"],
  },
  ko: {
    list: "내 리소스 그룹 보여줘",
    vms: "rg-dev의 가상 머신 보여줘",
    create: "rg-dev에 koreacentral 리전으로 스토리지 계정 stgallery 만들어줘",
    destroy: "rg-dev의 가상 머신 vm-dev-1 삭제해줘",
    deny: "rg-dev에 스토리지 계정 stdenied 만들어줘",
    why: "이번 주에는 필요하지 않습니다.",
    explain: "리소스 그룹의 모든 리소스에 태그를 다는 방법은?",
    write: "스토리지 현황을 요약해 줘",
    others: ["테스트 환경 비용", "제거 보호가 꺼진 키 자격 증명 모음", "vm-prod-1이 중지된 이유", "vnet-hub의 서브넷"],
  },
};

const ARTICLE = {
  en: `Tags belong to each resource; a group's own tags are **not** inherited. Three steps:

1. List what is in the group.
2. Add the tag, keeping those that are there.
3. Check the result.

\`\`\`bash
az resource list --resource-group rg-dev --query "[].id" -o tsv |
  while read -r id; do
    az tag update --resource-id "$id" --operation Merge --tags owner=platform
  done
\`\`\`

| Operation | Keeps other tags | Needs |
| --- | --- | --- |
| \`Merge\` | yes | Tag Contributor |
| \`Replace\` | no | Tag Contributor |
| \`Delete\` | removes the named ones | Tag Contributor |

> A policy with the effect *modify* does this for new resources too.

See [Tag resources](https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources).`,
  ko: `태그는 리소스마다 따로 있으며 리소스 그룹의 태그는 **상속되지 않습니다**. 다음 순서로 진행합니다.

1. 그룹의 리소스를 나열합니다.
2. 기존 태그를 유지하면서 태그를 추가합니다.
3. 결과를 확인합니다.

\`\`\`bash
az resource list --resource-group rg-dev --query "[].id" -o tsv |
  while read -r id; do
    az tag update --resource-id "$id" --operation Merge --tags owner=platform
  done
\`\`\`

| 작업 | 다른 태그 유지 | 필요한 역할 |
| --- | --- | --- |
| \`Merge\` | 예 | 태그 기여자 |
| \`Replace\` | 아니요 | 태그 기여자 |
| \`Delete\` | 지정한 태그만 제거 | 태그 기여자 |

> *modify* 효과의 정책을 쓰면 새 리소스에도 적용됩니다.

[리소스 태그 지정](https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources) 문서를 참고하세요.`,
};

const BEGINNING = {
  en: "You have **three storage accounts** in two subscriptions.\n\n- `stcontosodev` holds the logs of the test environment.\n- `stcontosoprod` holds the backups, and ",
  ko: "구독 두 개에 **스토리지 계정이 세 개** 있습니다.\n\n- `stcontosodev`에는 테스트 환경의 로그가 있습니다.\n- `stcontosoprod`에는 백업이 있으며, ",
};

/**
 * @param {Stack} stack
 * @param {import("../harness/model.mjs").Model} model
 * @param {Language} language
 * @returns {Promise<Scenery>}
 */
export async function setScene(stack, model, language) {
  const say = SAY[language];
  /** @type {() => void} */
  let release = () => undefined;
  const held = new Promise((/** @type {(value: void) => void} */ done) => {
    release = () => done();
  });
  model.script = ({ question }) => (question === say.write ? { text: BEGINNING[language], hold: held } : { text: ARTICLE[language] });

  for (const title of say.others) await post(stack, "alice", "/v1/conversations", { title });
  const pinned = await asked(stack, "alice", say.vms);
  await pin(stack, pinned.conversation);
  const denied = await asked(stack, "alice", say.deny, { until: ["waiting"] });
  await decide(stack, "alice", denied.turn, { decision: "deny", reason: say.why });
  const handed = await asked(stack, "alice", say.destroy, { until: ["waiting"] });
  const article = await talk(stack, say.explain, (turn) => turn.status === "done");
  const table = await asked(stack, "alice", say.list);
  const secret = await asked(stack, "alice", "/keyvault_secret_get vault=kv-dev secret=db-connection", { until: ["waiting"] });
  const approval = await asked(stack, "alice", say.create, { until: ["waiting"] });
  const writing = await talk(stack, say.write, () => model.given.some((given) => given.question === say.write && given.tokens > 20));
  return {
    table: table.conversation,
    article,
    approval: approval.conversation,
    handed: handed.conversation,
    secret: secret.conversation,
    writing,
    failed: denied.conversation,
    release,
  };
}

/** @param {Stack} stack @param {string} id */
async function pin(stack, id) {
  const seen = await call(stack, "alice", "GET", `/v1/conversations/${id}`);
  await call(stack, "alice", "PATCH", `/v1/conversations/${id}`, { pinned: true }, { "if-match": seen.headers.get("etag") ?? "*" });
}

/** @param {Stack} stack @param {string} user @param {any} turn @param {{ decision: string, reason: string }} decision */
async function decide(stack, user, turn, decision) {
  const { approval } = turn.calls.find((/** @type {any} */ one) => one.approval !== null);
  await post(stack, user, `/v1/approvals/${approval.approval_id}/decision`, { ...decision, digest: approval.digest });
}

/** A question to the model of the tests. @param {Stack} stack @param {string} text @param {(turn: any) => boolean} isThere */
async function talk(stack, text, isThere) {
  const { id } = await post(stack, "alice", "/v1/conversations", {});
  const { turn_id: turn } = await post(stack, "alice", `/v1/conversations/${id}/turns`, { text, model: MODEL_NAME });
  const deadline = performance.now() + 30_000;
  while (!isThere(await get(stack, "alice", `/v1/turns/${turn}`))) {
    if (performance.now() > deadline) throw new Error(`"${text}" is not answered`);
    await new Promise((done) => setTimeout(done, 50));
  }
  return /** @type {string} */ (id);
}
