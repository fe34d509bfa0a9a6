<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
    <context>
        <name>Alarm</name>
    </context>
    <context>
        <name>Camera</name>
    </context>
    <context>
        <name>FirstRun</name>
    </context>
    <context>
        <name>Keys</name>
    </context>
    <context>
        <name>Live</name>
        <message numerus="yes">
            <source>%n corrected by hand: yield {share}</source>
            <translation>
                <numerusform>%n corrected by hand: yield {share}</numerusform>
                <numerusform>%n corrected by hand: yield {share}</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n unknown to the model</source>
            <translation>
                <numerusform>%n unknown to the model</numerusform>
                <numerusform>%n unknown to the model</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Lot {lot} goes on: %n part(s) of it so far.</source>
            <translation>
                <numerusform>Lot {lot} goes on: %n part of it so far.</numerusform>
                <numerusform>Lot {lot} goes on: %n parts of it so far.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Messages</name>
    </context>
    <context>
        <name>Models</name>
        <message numerus="yes">
            <source>%n correction(s) wait: teach the model</source>
            <translation>
                <numerusform>%n correction wait: teach the model</numerusform>
                <numerusform>%n corrections wait: teach the model</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s)</source>
            <translation>
                <numerusform>%n picture</numerusform>
                <numerusform>%n pictures</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Operators</name>
        <message numerus="yes">
            <source>%n digit(s)</source>
            <translation>
                <numerusform>%n digit</numerusform>
                <numerusform>%n digits</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Origin</name>
    </context>
    <context>
        <name>Outcome</name>
    </context>
    <context>
        <name>Rail</name>
    </context>
    <context>
        <name>Recipes</name>
        <message numerus="yes">
            <source>%n more camera setting(s): set on the Camera page.</source>
            <translation>
                <numerusform>%n more camera setting: set on the Camera page.</numerusform>
                <numerusform>%n more camera settings: set on the Camera page.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) decided by area, class or count: the curve is by score.</source>
            <translation>
                <numerusform>%n part decided by area, class or count: the curve is by score.</numerusform>
                <numerusform>%n parts decided by area, class or count: the curve is by score.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Polygon with %n corner(s).</source>
            <translation>
                <numerusform>Polygon with %n corner.</numerusform>
                <numerusform>Polygon with %n corners.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Version {then} and version {now} differ in %n point(s).</source>
            <translation>
                <numerusform>Version {then} and version {now} differ in %n point.</numerusform>
                <numerusform>Version {then} and version {now} differ in %n points.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Report</name>
    </context>
    <context>
        <name>Reports</name>
        <message numerus="yes">
            <source>%n audited part(s) wait for an answer.</source>
            <translation>
                <numerusform>%n audited part wait for an answer.</numerusform>
                <numerusform>%n audited parts wait for an answer.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Retention</name>
        <message numerus="yes">
            <source>%n old picture(s) removed, {size}.</source>
            <translation>
                <numerusform>%n old picture removed, {size}.</numerusform>
                <numerusform>%n old pictures removed, {size}.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Review</name>
        <message numerus="yes">
            <source>%n comment(s)</source>
            <translation>
                <numerusform>%n comment</numerusform>
                <numerusform>%n comments</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n earlier</source>
            <translation>
                <numerusform>%n earlier</numerusform>
                <numerusform>%n earlier</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n new</source>
            <translation>
                <numerusform>%n new</numerusform>
                <numerusform>%n new</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s)</source>
            <translation>
                <numerusform>%n part</numerusform>
                <numerusform>%n parts</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) asked for</source>
            <translation>
                <numerusform>%n part asked for</numerusform>
                <numerusform>%n parts asked for</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) exported to {folder} ({kinds}).</source>
            <translation>
                <numerusform>%n part exported to {folder} ({kinds}).</numerusform>
                <numerusform>%n parts exported to {folder} ({kinds}).</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) left out: {why}.</source>
            <translation>
                <numerusform>%n part left out: {why}.</numerusform>
                <numerusform>%n parts left out: {why}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n selected</source>
            <translation>
                <numerusform>%n selected</numerusform>
                <numerusform>%n selected</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Add this comment to %n part(s)?</source>
            <translation>
                <numerusform>Add this comment to %n part?</numerusform>
                <numerusform>Add this comment to %n parts?</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Comment on %n part(s)</source>
            <translation>
                <numerusform>Comment on %n part</numerusform>
                <numerusform>Comment on %n parts</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Save for %n part(s)</source>
            <translation>
                <numerusform>Save for %n part</numerusform>
                <numerusform>Save for %n parts</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Save {word} for %n part(s)?</source>
            <translation>
                <numerusform>Save {word} for %n part?</numerusform>
                <numerusform>Save {word} for %n parts?</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>The comment is on %n part(s).</source>
            <translation>
                <numerusform>The comment is on %n part.</numerusform>
                <numerusform>The comment is on %n parts.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>The correction of %n part(s) is saved.</source>
            <translation>
                <numerusform>The correction of %n part is saved.</numerusform>
                <numerusform>The correction of %n parts is saved.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>for %n part(s)</source>
            <translation>
                <numerusform>for %n part</numerusform>
                <numerusform>for %n parts</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Scan</name>
        <message numerus="yes">
            <source>%n file(s) of a kind that is not read</source>
            <translation>
                <numerusform>%n file of a kind that is not read</numerusform>
                <numerusform>%n files of a kind that is not read</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n file(s) unfinished by name</source>
            <translation>
                <numerusform>%n file unfinished by name</numerusform>
                <numerusform>%n files unfinished by name</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n hidden file(s) or folder(s)</source>
            <translation>
                <numerusform>%n hidden file or folder</numerusform>
                <numerusform>%n hidden files or folders</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n linked folder(s)</source>
            <translation>
                <numerusform>%n linked folder</numerusform>
                <numerusform>%n linked folders</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n mask(s) by name</source>
            <translation>
                <numerusform>%n mask by name</numerusform>
                <numerusform>%n masks by name</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n other file(s)</source>
            <translation>
                <numerusform>%n other file</numerusform>
                <numerusform>%n other files</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s)</source>
            <translation>
                <numerusform>%n picture</numerusform>
                <numerusform>%n pictures</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) in no sub-folder</source>
            <translation>
                <numerusform>%n picture in no sub-folder</numerusform>
                <numerusform>%n pictures in no sub-folder</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n pipe(s), device(s) or broken link(s)</source>
            <translation>
                <numerusform>%n pipe, device or broken link</numerusform>
                <numerusform>%n pipes, devices or broken links</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n sub-folder(s)</source>
            <translation>
                <numerusform>%n sub-folder</numerusform>
                <numerusform>%n sub-folders</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Settings</name>
        <message numerus="yes">
            <source>%n correction(s) and comments on them.</source>
            <translation>
                <numerusform>%n correction and comments on them.</numerusform>
                <numerusform>%n corrections and comments on them.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s)</source>
            <translation>
                <numerusform>%n part</numerusform>
                <numerusform>%n parts</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) of them without a decision on Review.</source>
            <translation>
                <numerusform>%n part of them without a decision on Review.</numerusform>
                <numerusform>%n parts of them without a decision on Review.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) kept, {size}.</source>
            <translation>
                <numerusform>%n picture kept, {size}.</numerusform>
                <numerusform>%n pictures kept, {size}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) leave for good, {size}.</source>
            <translation>
                <numerusform>%n picture leave for good, {size}.</numerusform>
                <numerusform>%n pictures leave for good, {size}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) removed, {size}.</source>
            <translation>
                <numerusform>%n picture removed, {size}.</numerusform>
                <numerusform>%n pictures removed, {size}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) stay.</source>
            <translation>
                <numerusform>%n picture stay.</numerusform>
                <numerusform>%n pictures stay.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n simulated part(s) of the demo line are stored here.</source>
            <translation>
                <numerusform>%n simulated part of the demo line are stored here.</numerusform>
                <numerusform>%n simulated parts of the demo line are stored here.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n simulated part(s) removed, {size}.</source>
            <translation>
                <numerusform>%n simulated part removed, {size}.</numerusform>
                <numerusform>%n simulated parts removed, {size}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n simulated part(s) will be removed for good.</source>
            <translation>
                <numerusform>%n simulated part will be removed for good.</numerusform>
                <numerusform>%n simulated parts will be removed for good.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>With them %n picture(s).</source>
            <translation>
                <numerusform>With them %n picture.</numerusform>
                <numerusform>With them %n pictures.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Source</name>
        <message numerus="yes">
            <source>%n picture(s)</source>
            <translation>
                <numerusform>%n picture</numerusform>
                <numerusform>%n pictures</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Status</name>
    </context>
    <context>
        <name>Teach</name>
        <message numerus="yes">
            <source>%n correction(s) will teach the model</source>
            <translation>
                <numerusform>%n correction will teach the model</numerusform>
                <numerusform>%n corrections will teach the model</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n could not be read: {why}</source>
            <translation>
                <numerusform>%n could not be read: {why}</numerusform>
                <numerusform>%n could not be read: {why}</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n lot(s)</source>
            <translation>
                <numerusform>%n lot</numerusform>
                <numerusform>%n lots</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s)</source>
            <translation>
                <numerusform>%n part</numerusform>
                <numerusform>%n parts</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) and the model are in {folder}.</source>
            <translation>
                <numerusform>%n part and the model are in {folder}.</numerusform>
                <numerusform>%n parts and the model are in {folder}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) exported: {kinds}.</source>
            <translation>
                <numerusform>%n part exported: {kinds}.</numerusform>
                <numerusform>%n parts exported: {kinds}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) say little: the intervals are wide.</source>
            <translation>
                <numerusform>%n part say little: the intervals are wide.</numerusform>
                <numerusform>%n parts say little: the intervals are wide.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) of which different things were said</source>
            <translation>
                <numerusform>%n picture of which different things were said</numerusform>
                <numerusform>%n pictures of which different things were said</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n whose picture was not kept</source>
            <translation>
                <numerusform>%n whose picture was not kept</numerusform>
                <numerusform>%n whose picture was not kept</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n with the same pixels as another</source>
            <translation>
                <numerusform>%n with the same pixels as another</numerusform>
                <numerusform>%n with the same pixels as another</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>OK now, though the active model stopped them: %n defect(s).</source>
            <translation>
                <numerusform>OK now, though the active model stopped them: %n defect.</numerusform>
                <numerusform>OK now, though the active model stopped them: %n defects.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>The new model is right on %n part(s) where the active one is not</source>
            <translation>
                <numerusform>The new model is right on %n part where the active one is not</numerusform>
                <numerusform>The new model is right on %n parts where the active one is not</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>The new model judges none of %n known part(s) better or worse.</source>
            <translation>
                <numerusform>The new model judges none of %n known part better or worse.</numerusform>
                <numerusform>The new model judges none of %n known parts better or worse.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>The new model was taught with %n of them: a gain there is no proof.</source>
            <translation>
                <numerusform>The new model was taught with %n of them: a gain there is no proof.</numerusform>
                <numerusform>The new model was taught with %n of them: a gain there is no proof.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>and no longer right on %n where it is.</source>
            <translation>
                <numerusform>and no longer right on %n where it is.</numerusform>
                <numerusform>and no longer right on %n where it is.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>TeachIn</name>
        <message numerus="yes">
            <source>Learning from %n picture(s)…</source>
            <translation>
                <numerusform>Learning from %n picture…</numerusform>
                <numerusform>Learning from %n pictures…</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Window</name>
    </context>
</TS>
