//! Every message as it goes out, and what hostile records cannot do to it.
#![expect(clippy::unwrap_used, reason = "the literals are well formed")]

use std::fmt::Write;

use super::*;

mod limits;
mod resume;

fn session(key: &str) -> SessionKey {
    key.parse().unwrap()
}

fn key() -> IdempotencyKey {
    IdempotencyKey::of(&["a cut"])
}

fn notice(notice: &Notice<'_>) -> String {
    Templates::default().notice(notice, Language::En, Channel::Telegram)
}

/// Renders a template with its sample values: on Telegram and on Slack, or for the agent.
fn shown(name: &str) -> String {
    let template = Template::find(name).unwrap();
    let mut all = String::new();
    for language in Language::ALL {
        let channels: &[Channel] = match template.reader {
            Reader::Person => &[Channel::Telegram, Channel::Slack],
            Reader::Agent => &[Channel::Plain],
        };
        for &channel in channels {
            let message = Templates::default()
                .render(template, &sample(template, language), language, channel)
                .unwrap();
            let to = if template.reader == Reader::Person { channel.name() } else { "agent" };
            write!(all, "== {language} {to}\n{message}\n").unwrap();
        }
    }
    // The mark that breaks addresses up is not seen; here it is.
    all.trim_end().replace('\u{2060}', "⸱")
}

#[test]
fn before() {
    insta::assert_snapshot!(shown("before"), @r"
    == en telegram
    ⚡ Restarting the gateway (`apply the new model settings`) — back in about a minute.
    == en slack
    ⚡ Restarting the gateway (`apply the new model settings`) — back in about a minute.
    == zh telegram
    ⚡ 网关即将重启（`应用新的模型设置`），大约一分钟后恢复，请稍候。
    == zh slack
    ⚡ 网关即将重启（`应用新的模型设置`），大约一分钟后恢复，请稍候。
    ");
    insta::assert_snapshot!(notice(&Notice::Before { reason: None }), @"⚡ Restarting the gateway — back in about a minute.");
}

#[test]
fn back_online() {
    insta::assert_snapshot!(shown("back-online"), @r"
    == en telegram
    ✅ Back online. Going on with `tell the user that the settings are active`.
    == en slack
    ✅ Back online. Going on with `tell the user that the settings are active`.
    == zh telegram
    ✅ 重启已完成，服务已恢复。接下来继续处理：`告诉用户设置已生效`。
    == zh slack
    ✅ 重启已完成，服务已恢复。接下来继续处理：`告诉用户设置已生效`。
    ");
    insta::assert_snapshot!(notice(&Notice::BackOnline { next: None }), @"✅ Back online.");
}

#[test]
fn summary() {
    insta::assert_snapshot!(shown("summary"), @r"
    == en telegram
    ✅ Back online.

    Resumed (1):
    - `agent:main:telegram:direct:78`: `weekly report`

    Held (1) — nothing was sent. Reply with the code of what may go on; your agent then sends it, once:
    - `3fa92c` · `agent:main:telegram:direct:79`: `clean up the table` — `It may destroy data.`

    Needs manual follow-up (1):
    - `agent:ops:main`: `watch the queue` — `the gateway knows no such session`
    == en slack
    ✅ Back online.

    Resumed (1):
    - `agent:main:telegram:direct:78`: `weekly report`

    Held (1) — nothing was sent. Reply with the code of what may go on; your agent then sends it, once:
    - `3fa92c` · `agent:main:telegram:direct:79`: `clean up the table` — `It may destroy data.`

    Needs manual follow-up (1):
    - `agent:ops:main`: `watch the queue` — `the gateway knows no such session`
    == zh telegram
    ✅ 重启已完成，已开始恢复任务。

    已恢复（1）：
    - `agent:main:feishu:direct:78`：`撰写周报`

    待确认（1）：均未发送。如需继续，请回复对应的编号，助手只会发送一次：
    - `3fa92c` · `agent:main:feishu:direct:79`：`清理数据表`，原因：`It may destroy data.`

    需人工处理（1）：
    - `agent:ops:main`：`查看队列`，原因：`the gateway knows no such session`
    == zh slack
    ✅ 重启已完成，已开始恢复任务。

    已恢复（1）：
    - `agent:main:feishu:direct:78`：`撰写周报`

    待确认（1）：均未发送。如需继续，请回复对应的编号，助手只会发送一次：
    - `3fa92c` · `agent:main:feishu:direct:79`：`清理数据表`，原因：`It may destroy data.`

    需人工处理（1）：
    - `agent:ops:main`：`查看队列`，原因：`the gateway knows no such session`
    ");
}

#[test]
fn a_summary_with_nothing_in_it() {
    let empty = Notice::Summary { resumed: &[], held: &[], manual: &[] };
    insta::assert_snapshot!(notice(&empty), @"✅ Back online. Nothing had to be resumed.");
    let chinese = Templates::default().notice(&empty, Language::Zh, Channel::Feishu);
    insta::assert_snapshot!(chinese, @"✅ 重启已完成。没有需要恢复的任务。");
}

#[test]
fn confirm_request() {
    insta::assert_snapshot!(shown("confirm-request"), @r#"
    == en telegram
    ⏸️ 1 held, and nothing of it was sent:
    - `3fa92c` · `agent:main:telegram:direct:79`: `clean up the table` — `It may destroy data.`

    Reply "confirm all", or the codes of those that may go on. Each is sent once.
    == en slack
    ⏸️ 1 held, and nothing of it was sent:
    - `3fa92c` · `agent:main:telegram:direct:79`: `clean up the table` — `It may destroy data.`

    Reply "confirm all", or the codes of those that may go on. Each is sent once.
    == zh telegram
    ⏸️ 有 1 项任务需要您确认，目前均未发送：
    - `3fa92c` · `agent:main:feishu:direct:79`：`清理数据表`，原因：`It may destroy data.`

    如需全部执行，请回复“确认执行全部”；也可以只回复要执行的编号，逐项确认。每项只会发送一次。
    == zh slack
    ⏸️ 有 1 项任务需要您确认，目前均未发送：
    - `3fa92c` · `agent:main:feishu:direct:79`：`清理数据表`，原因：`It may destroy data.`

    如需全部执行，请回复“确认执行全部”；也可以只回复要执行的编号，逐项确认。每项只会发送一次。
    "#);
}

#[test]
fn never_happened() {
    insta::assert_snapshot!(shown("never-happened"), @r"
    == en telegram
    ⚠️ The restart did not happen: the gateway is still the one from before. Nothing was resumed. The checkpoint stays at `memory/restart-checkpoints/2026-11-20/162200.md`.
    == en slack
    ⚠️ The restart did not happen: the gateway is still the one from before. Nothing was resumed. The checkpoint stays at `memory/restart-checkpoints/2026-11-20/162200.⸱md`.
    == zh telegram
    ⚠️ 网关没有重启，仍在运行之前的进程，因此没有恢复任何任务。检查点仍保存在 `memory/restart-checkpoints/2026-11-20/162200.md`。
    == zh slack
    ⚠️ 网关没有重启，仍在运行之前的进程，因此没有恢复任何任务。检查点仍保存在 `memory/restart-checkpoints/2026-11-20/162200.⸱md`。
    ");
}

#[test]
fn job() {
    insta::assert_snapshot!(shown("job"), @r"
    == en agent
    The gateway may have restarted, and work may be waiting. Run exactly this command, once, through exec, with yieldMs 120000:

    ```
    comeback recover --trigger job
    ```

    Then do what it prints, and nothing else. If it says that there is nothing to do, answer NO_REPLY.
    == zh agent
    网关可能刚刚重启，可能有任务等待恢复。请通过 exec 执行下面这条命令，只执行一次，yieldMs 设为 120000：

    ```
    comeback recover --trigger job
    ```

    然后按照它的输出去做，不要做其他事情。如果它表示没有需要处理的事情，请回复 NO_REPLY。
    ");
}
