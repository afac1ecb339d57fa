import approvals from "./approvals.json";
import chat from "./chat.json";
import common from "./common.json";
import login from "./login.json";
import pages from "./pages.json";
import settings from "./settings.json";
import sidebar from "./sidebar.json";
import tools from "./tools.json";

export default { approvals, chat, common, login, pages, settings, sidebar, tools };
