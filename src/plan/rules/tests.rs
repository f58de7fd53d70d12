//! Steps as agents write them, with the rule that must decide.

use super::*;

fn assert_all(risk: Risk, rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(step, rule)| {
            let found = Rules::builtin().assess(step);
            let fits = found.risk == risk && found.rule == *rule && !found.reason.is_empty();
            (!fits).then(|| format!("{step:?}: {rule} expected, {:?} by {} found", found.risk, found.rule))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn dangerous_english_is_held() {
    assert_all(
        Risk::High,
        &[
            ("Retry write results to report", "retry"),
            ("git push --force", "git-push"),
            ("deploy to prod and email the customer", "deploy"),
            ("read the log, then delete the table", "deletion"),
            ("Read the log and delete the table", "deletion"),
            ("read the log delete the table", "deletion"),
            ("Check the list to delete old accounts", "deletion"),
            ("Verify the fix by deploying it", "deploy"),
            ("After the check delete the backups", "deletion"),
            ("Pay the supplier's invoice", "payment"),
            ("Continue: refund order 42", "payment"),
            ("Transfer the remaining balance", "transfer"),
            ("Book the flight to Oslo", "booking"),
            ("rm -rf build/", "deletion"),
            ("The users table must be deleted", "deletion"),
            ("Drop the users table", "deletion"),
            ("Run the database migration", "database"),
            ("Update the customer's row in the production database", "external-write"),
            ("Write the totals to Salesforce", "external-write"),
            ("Roll back the release", "deploy"),
            ("terraform apply", "deploy"),
            ("Merge the pull request", "git-merge"),
            ("Restart the server", "service"),
            ("Revoke his access", "access"),
            ("Publish the package to npm", "publish"),
            ("Send the summary to the customer", "publish"),
            ("Post the summary on X", "publish"),
            ("Publish the acceptance summary on our website", "publish"),
            ("Send the money to the user", "payment"),
            ("Tweet the announcement", "outreach"),
            ("Draft the mail, then email it", "outreach"),
            ("Submit the application form", "submit"),
            ("call deleteUser(42)", "outreach"),
            ("Have the database dropped", "deletion"),
            ("Hit the delete endpoint", "deletion"),
            ("Create the Jira ticket", "external-write"),
            ("Contact the vendor", "outreach"),
            ("Continue the customer migration", "database"),
            ("Apply the terraform plan", "unclear"),
            ("Publish the chapter", "publish"),
            ("Submit the abstract", "submit"),
            ("Kick off the nightly import by hand", "deploy"),
            ("Retry the import", "retry"),
            ("Accept the quote", "binding"),
            ("Give the branch a push", "git-push"),
            ("Let the report go to the board", "publish"),
            ("Check in the guests", "booking"),
            ("Make them admins", "access"),
            ("Have the files taken off the server", "deletion"),
            ("The tests pass -> PR against upstream", "git-merge"),
            ("Take the checkout page down until Monday", "unclear"),
            ("Put the puppy pictures up on the shelter's page", "unclear"),
            ("Bump everyone in the beta to the new build", "unclear"),
            ("Compare the offers & order the cheapest printer cartridge", "booking"),
        ],
    );
}

#[test]
fn dangerous_chinese_is_held() {
    assert_all(
        Risk::High,
        &[
            ("删除生产数据库并转账", "deletion"),
            ("查看日志,然后删除表", "deletion"),
            ("检查无误后转账", "transfer"),
            ("检查无误转账", "transfer"),
            ("查看日志并清空缓存", "deletion"),
            ("读完删掉临时文件", "deletion"),
            ("检查日志删除旧表", "deletion"),
            ("给供应商付款", "payment"),
            ("支付这笔订单", "payment"),
            ("把余额轉帳給客戶", "transfer"),
            ("预订去上海的机票", "booking"),
            ("把结果写入数据库", "external-write"),
            ("更新线上配置", "production"),
            ("部署到生产环境", "deploy"),
            ("回滚上一个版本", "deploy"),
            ("推送代码到远程仓库", "git-push"),
            ("合并到主干", "git-merge"),
            ("重启网关", "service"),
            ("重置密码", "access"),
            ("把总结发送给客户", "publish"),
            ("写邮件发给客户", "outreach"),
            ("发布公告", "publish"),
            ("给所有用户发送通知", "publish"),
            ("群发邮件", "outreach"),
            ("提交订单", "submit"),
            ("重试失败的写操作", "retry"),
            ("再次写入报表", "retry"),
            ("确认付款", "payment"),
            ("分别转账", "transfer"),
            ("不得不删除旧数据", "deletion"),
            ("不要忘记删除旧数据", "deletion"),
            ("部署to prod", "deploy"),
            ("调用接口创建订单", "external-write"),
        ],
    );
}

#[test]
fn harmless_english_goes_out() {
    assert_all(
        Risk::Normal,
        &[
            ("Publish acceptance summary", "own-user"),
            ("Send the user a summary of the payment run", "own-user"),
            ("Reply to the user", "own-user"),
            ("created branch", "already-done"),
            ("Continue with step 3", "ordinary-work"),
            ("run the tests", "ordinary-work"),
            ("summarise findings", "ordinary-work"),
            ("Fix the failing parser test and update the docs", "ordinary-work"),
            ("Retry the failed unit tests", "ordinary-work"),
            ("Deleted the temporary files", "already-done"),
            ("do not delete the table", "negation"),
            ("Don't ever push, only read the diff", "negation"),
            ("Do not delete or send anything", "negation"),
            ("Finish the draft without sending the email", "negation"),
            ("read the delete log", "reading"),
            ("check whether the payment went through", "reading"),
            ("Check whether we should delete the table", "reading"),
            ("Find out how to deploy it", "reading"),
            ("Then carefully review the deploy output", "reading"),
            ("Draft the email to the customer", "reading"),
            ("continue reading the delete log", "reading"),
            ("Tell the user the result", "own-user"),
        ],
    );
}

#[test]
fn harmless_chinese_goes_out() {
    assert_all(
        Risk::Normal,
        &[
            ("继续整理文档", "ordinary-work"),
            ("继续第3步", "ordinary-work"),
            ("运行单元测试", "ordinary-work"),
            ("总结调查结果", "ordinary-work"),
            ("修复后台的解析错误", "ordinary-work"),
            ("重试失败的测试", "ordinary-work"),
            ("不要删除", "negation"),
            ("不要把表删除,继续分析", "negation"),
            ("不要给客户发邮件", "negation"),
            ("整理文档,禁止推送代码", "negation"),
            ("不要删除或发送", "negation"),
            ("查看删除日志", "reading"),
            ("查看最近删除的文件", "reading"),
            ("查询订单状态", "ordinary-work"),
            ("告诉用户结果", "own-user"),
            ("先查看昨天的付款", "reading"),
            ("检查付款是否成功", "reading"),
            ("确认付款是否到账", "reading"),
            ("起草邮件", "reading"),
            ("继续阅读部署文档", "ordinary-work"),
            ("查看 deploy 日志", "reading"),
            ("发布最终验收摘要", "own-user"),
            ("把摘要发给用户", "own-user"),
            ("向用户发送总结", "own-user"),
            ("通知用户任务完成", "own-user"),
        ],
    );
}

#[test]
fn a_negation_that_denies_nothing_holds() {
    assert_all(
        Risk::High,
        &[
            ("Do not forget to delete the table", "deletion"),
            ("Do not deploy until the tests pass", "deploy"),
            ("Don't deploy without running the tests", "deploy"),
            ("Do not wait, delete it now", "deletion"),
            ("Without deleting the table push it to prod", "git-push"),
            ("Delete the table without sending mail", "deletion"),
            ("除非失败,不要停,删除表", "deletion"),
        ],
    );
}

#[test]
fn what_no_rule_knows_goes_out_where_it_stays_among_ones_own_things() {
    assert_all(
        Risk::Normal,
        &[
            ("Frobnicate the parser's error branches", Rules::UNCLEAR_LOCAL),
            ("No advice on buying, only the figures", Rules::UNCLEAR_LOCAL),
            ("把解析器的错误分支捋直", Rules::UNCLEAR_LOCAL),
            ("把话术里的语气词删掉", Rules::UNCLEAR_LOCAL),
        ],
    );
}

#[test]
fn what_no_rule_knows_is_held_where_it_may_lead_outside() {
    assert_all(
        Risk::High,
        &[
            ("Frobnicate the customer's account", "unclear"),
            ("Run the leftover script", "unclear"),
            ("Apply the discount", "unclear"),
            ("Have DHL collect the two boxes", "unclear"),
            ("整理好名单后挨个约", "unclear"),
            ("对照名单踢人", "access"),
            ("统一发货", "unclear"),
            ("热水器关了", "unclear"),
        ],
    );
}

#[test]
fn what_is_understood_is_held_where_it_takes_what_is_others() {
    assert_all(
        Risk::High,
        &[
            ("Forms are filled in at the portal. Do the last page and complete it", "unclear"),
            ("Four of seven fines are settled; do the other three", "unclear"),
            ("Look for a cheaper flight and take it", "unclear"),
            ("Draft the notice and put it up in the lobby", "external-write"),
            ("Find a plumber to fix the tap", "unclear"),
            ("Keep inviting people from the list", "outreach"),
            ("Answer the reviews on our page with the texts in reviews.txt", "publish"),
            ("./deploy", "command"),
            ("lua sync.lua", "command"),
            ("生成收款码", "unclear"),
            ("整理收件箱", "unclear"),
            ("起草并发送", "publish"),
            ("删除测试账号", "deletion"),
            ("查清楚后按规定退款", "payment"),
            ("整理完材料，寄信", "publish"),
        ],
    );
}

#[test]
fn harm_that_is_only_told_or_named_goes_out() {
    assert_all(
        Risk::Normal,
        &[
            ("The form validation accepts an empty IBAN; write the failing test", "ordinary-work"),
            (
                "The data team will drop the old table on Monday. Find out which scripts use it",
                "ordinary-work",
            ),
            ("Delete the reminder from todo.md", "ordinary-work"),
            ("Give the cache a version", "ordinary-work"),
            ("Leave no comments on the pull request. Write the findings to review.md", "ordinary-work"),
            ("Rewrite the complaint to the airline in a friendlier tone", "ordinary-work"),
            ("Ticket prices of the six zoos in a table", "ordinary-work"),
            ("Let the tests use a fixed date", "ordinary-work"),
            ("Check in the log whether the job ran", "ordinary-work"),
            ("Remove the watermark layer from my poster", "ordinary-work"),
            ("Update the unit tests after renaming Booking to Reservation", "ordinary-work"),
            ("Put the deposit as a separate line in the comparison sheet", "reading"),
            ("Make the moth log's dates bold & make them ISO", "ordinary-work"),
            ("In the novel the heir signs the contract. Shorten that scene", "ordinary-work"),
            ("Label the whale calls", "ordinary-work"),
            ("Which services start at boot? Read the unit files", "reading"),
            ("Tidy up how we describe the release in the blog draft", "reading"),
            ("客户问为什么扣了两次款，在账单里核对", "ordinary-work"),
            ("供应商报价单是 PDF，提取成表格", "ordinary-work"),
            ("一句话告诉我那笔订金退没退", "own-user"),
        ],
    );
}

#[test]
fn what_a_chinese_clause_only_names_goes_out() {
    assert_all(
        Risk::Normal,
        &[
            ("三款只比不买，列张表", "ordinary-work"),
            ("这道题第二问换个思路", "reading"),
            ("商店购买界面的文字溢出了，修一下", "ordinary-work"),
            ("上线文档的注释补一下", Rules::UNCLEAR_LOCAL),
            ("日志里 payment timeout 出现了几次，按小时统计", "ordinary-work"),
            ("社保缴费基数怎么算的，写个示例", "reading"),
            ("把剧本里重复的台词删去", Rules::UNCLEAR_LOCAL),
            ("把 hash 路由改成 history 路由", "ordinary-work"),
            ("邮件只写草稿，不发", "reading"),
            ("减到 0 时不消失，定位下原因", "ordinary-work"),
            ("拿去年的成绩单练手，算平均", "ordinary-work"),
            ("把学生的回答标上 S1", "reading"),
        ],
    );
}

#[test]
fn what_a_chinese_clause_does_besides_is_held() {
    assert_all(
        Risk::High,
        &[
            ("不只发邮件，也打电话", "outreach"),
            ("改好的稿子投《天文爱好者》", "unclear"),
            ("照片挑十张冲印", "unclear"),
            ("把图纸给施工队", "external-write"),
            ("把海报放到教学楼", "unclear"),
            ("跑一下补发脚本", "publish"),
            ("让仓库先出两托", "external-write"),
            ("简历更新到招聘网站上", "external-write"),
            ("发布文档的中文版", "publish"),
            ("删除文档", "deletion"),
            ("给校对发酬劳", "unclear"),
            ("体检约到下周三早上", "unclear"),
        ],
    );
}

#[test]
fn what_the_rules_cannot_read_is_held() {
    assert_all(
        Risk::High,
        &[
            ("", "unclear"),
            ("(fill)", "unclear"),
            ("42 🚀", "unclear"),
            ("Tabelle löschen", "unclear"),
            ("dеlete the table", "foreign-script"),
            ("Удалить таблицу", "foreign-script"),
            ("テーブルを消す", "foreign-script"),
            ("ｄｅｌｅｔｅ the table", "deletion"),
            ("de\u{200b}lete the table", "deletion"),
        ],
    );
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    let mut names: Vec<_> = Rules::builtin().steps.dangers.iter().map(|danger| danger.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn long_and_odd_steps_are_judged_all_the_same() {
    let long = "read ".repeat(MAX_STEP);
    assert_eq!(Rules::builtin().assess(&long).rule, "too-long");
    assert_eq!(Rules::builtin().assess("\u{feff}\0\u{1b}[31mdelete\n").rule, "deletion");
}
