use super::super::sample;
use super::*;

#[test]
#[ignore = "writes the sample page for somebody to look at"]
fn the_page_to_look_at() {
    let path = std::env::temp_dir().join("payswitch-report-sample.html");
    std::fs::write(&path, page(&sample::report())).unwrap();
    println!("{}", path.display());
}
