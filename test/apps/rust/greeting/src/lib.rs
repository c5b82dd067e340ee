pub fn to(release: &str) -> String {
    format!("hello from rust, release {release}\n")
}
